"""Units, users and what they prefer."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


class Unit(models.Model):
    """A store, region or team. Units form a tree; an employee belongs to one."""

    code = models.CharField(max_length=60, unique=True)  # as in files and the warehouse
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    country = models.CharField(max_length=2, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person comes for; one role per user, so rights never add up by accident."""

    ADMIN = "admin", _("Administrator")
    OWNER = "owner", _("Programme owner")
    LEADER = "leader", _("Leadership")
    ANALYST = "analyst", _("Analyst")
    MANAGER = "manager", _("Unit manager")
    EMPLOYEE = "employee", _("Employee")


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A colleague who logs in."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role, default=Role.EMPLOYEE)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT)
    # As employees are called in files and events, to know whom a customer praised.
    employee = models.CharField(max_length=60, blank=True, db_default="")
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=2, blank=True)  # blank: as the browser asks
    theme = models.CharField(max_length=5, blank=True)  # blank: as the device asks
    joined_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(null=True, blank=True)  # last visit of Today

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.email


class Notices(models.Model):
    """How a colleague wants to be told what waits: one digest, over which way, not at night."""

    class Way(models.TextChoices):
        MAIL = "mail", _("Mail")
        CHAT = "chat", _("Chat")
        BOTH = "both", _("Mail and chat")
        NONE = "none", _("Neither: I look myself")

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE)
    way = models.CharField(max_length=4, choices=Way, default=Way.MAIL)
    chat = models.CharField(max_length=300, blank=True)  # as Apprise writes it; holds a secret
    quiet_from = models.TimeField(default=time(18))
    quiet_until = models.TimeField(default=time(8))
    reminds = models.BooleanField(default=True)  # of huddles and goals too


class ApiKey(models.Model):
    """What a program shows instead of a log-in. Kept as a hash; dead with its owner."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=8, unique=True)  # tells keys apart without telling them
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)  # needs of the policy that programs may have
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)  # to the hour

    def __str__(self) -> str:
        return f"{self.name} (ec_{self.prefix})"

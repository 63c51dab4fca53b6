"""The base, one customer, accounts: pages and what a colleague may do there."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.capture.erasing import erase
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Account, Customer
from emptychair.programme.customers.services import correct_contact
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.relations import base, firms, person, picking
from emptychair.programme.relations.forms import ContactForm, RuleForm, rule_values
from emptychair.programme.relations.taking import chart_answer
from emptychair.programme.standing.following import current_rule
from emptychair.programme.standing.services import change_rule
from emptychair.programme.visibility.views import reader_of, words_of_reader


@require_safe
@requires("customer.read")
def show_customers(request: HttpRequest) -> HttpResponseBase:
    """Show who is in which bucket and what they are worth; the list as a file as well."""
    user = reader_of(request)
    scope = scope_of(user)
    filters = picking.filters_of(request.GET.dict(), base.FILTERS)
    rows, columns = base.customers_of(filters, scope), base.columns(scope)
    may_export = may(user, "customer.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        asked = request.GET["format"]
        record("export.made", "customers", actor=user.public_id, format=asked, pii=scope.pii)
        return export(request, rows, columns, "customers")
    action = reverse("customers:customers")
    sort = request.GET.get("sort", "")
    context = {
        "page": base.base_page(filters, scope, words_of_reader(), may_take_files=may_export),
        "bar": picking.customers_bar(action, filters, scope, sort=sort),
        "list": list_page(request.GET, rows, columns, may_export=may_export),
    }
    return render(request, "relations/customers.html", context)


@require_safe
@requires("customer.export")
def take_base_chart(request: HttpRequest, kind: str) -> HttpResponse:
    """Return the picture of the base as SVG, PNG or CSV."""
    filters = picking.filters_of(request.GET.dict(), base.FILTERS)
    chart = base.chart_of(filters, scope_of(reader_of(request)), words_of_reader())
    return chart_answer(chart, kind, is_dark=request.GET.get("scheme") == "dark")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("bucket.change")
def change_buckets(request: HttpRequest) -> HttpResponse:
    """Show and change how old an answer may be, and who is a key contact."""
    form = RuleForm(request.POST or None, initial=rule_values(current_rule()))
    if request.method == "POST" and form.is_valid():
        change_rule(**form.changes(), by=reader_of(request).public_id)
        messages.success(request, _("Saved. Buckets follow within minutes."))
        return redirect("customers:customers")
    status = 400 if form.errors else 200
    return render(request, "relations/rule.html", {"form": form}, status=status)


@require_safe
@requires("customer.read")
def show_customer(request: HttpRequest, key: int) -> HttpResponse:
    """Show one customer: where the person stands and the whole story."""
    return _customer_page(request, _customer(request, key))


@require_POST
@requires("customer.change")
def open_my_data(request: HttpRequest, key: int) -> HttpResponse:
    """Lead to what the customer sees of own data, by a link that is good for a day."""
    customer = _customer(request, key)
    record("customer.own_data_opened", customer.code, actor=reader_of(request).public_id)
    return redirect(person.my_data_link(customer))


@require_POST
@requires("customer.change")
def say_no(request: HttpRequest, key: int) -> HttpResponse:
    """Put a customer on the list of those who are never asked again, or take off it."""
    customer, by = _customer(request, key), reader_of(request).public_id
    if request.POST.get("wish") == "allow":
        consent.allow_again(customer, actor=by)
        messages.success(request, _("The customer may be asked again."))
    else:
        consent.suppress(customer, "staff", actor=by)
        messages.success(request, _("The customer gets no more questions from us."))
    return redirect("customers:customer", key=key)


@require_POST
@requires("customer.change")
def correct(request: HttpRequest, key: int) -> HttpResponse:
    """Put right a customer's name and addresses."""
    customer = _customer(request, key)
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            correct_contact(customer, **form.cleaned_data, actor=reader_of(request).public_id)
        except RefusedError as error:
            form.add_error("email" if "mail" in error.code else "phone", error.sentence)
        else:
            messages.success(request, _("Corrected."))
            return redirect("customers:customer", key=key)
    return _customer_page(request, customer, form)


@require_POST
@requires("customer.erase")
def forget(request: HttpRequest, key: int) -> HttpResponse:
    """Erase a customer: name, addresses, answers and events, for ever."""
    customer = _customer(request, key)
    if not request.POST.get("sure"):
        raise RefusedError("erase_unsure", _("Tick the box to say that you are sure."))
    erase(customer, actor=reader_of(request).public_id)
    messages.success(request, _("Erased. The no of the person stays."))
    return redirect("customers:customers")


@require_safe
@requires("customer.read")
def show_accounts(request: HttpRequest) -> HttpResponseBase:
    """Show how the accounts are, in count and money; the list as a file as well."""
    user = reader_of(request)
    scope = scope_of(user)
    filters = picking.filters_of(request.GET.dict(), firms.FILTERS)
    rows, columns = firms.firms_of(filters, scope), firms.columns()
    may_export = may(user, "customer.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        record("export.made", "accounts", actor=user.public_id, format=request.GET["format"])
        return export(request, rows, columns, "accounts")
    action, sort = reverse("customers:accounts"), request.GET.get("sort", "")
    context = {
        "stats": firms.health_stats(scope),
        "rules": firms.rule_sentences(current_rule()),
        "silent": firms.silent_contacts(scope),
        "bar": picking.accounts_bar(action, filters, sort=sort),
        "list": list_page(request.GET, rows, columns, may_export=may_export),
    }
    return render(request, "relations/accounts.html", context)


@require_safe
@requires("customer.read")
def show_account(request: HttpRequest, key: int) -> HttpResponse:
    """Show one account: its contacts by role, and how it is."""
    account = get_object_or_404(Account, pk=key)
    page = firms.firm_page(account, scope_of(reader_of(request)))
    if not page.contacts and scope_of(reader_of(request)).units is not None:
        raise Http404
    roles = firms.by_role(page.contacts)
    context = {"page": page, "roles": roles, "rules": firms.rule_sentences(current_rule())}
    return render(request, "relations/account.html", context)


def _customer(request: HttpRequest, key: int) -> Customer:
    return get_object_or_404(person.customers_in(scope_of(reader_of(request))), pk=key)


def _customer_page(
    request: HttpRequest, customer: Customer, form: ContactForm | None = None
) -> HttpResponse:
    page = person.person_page(customer, reader_of(request), _moment(request.GET.get("before", "")))
    if form is None and page.may_change:
        contact = page.contact
        start = {n: getattr(contact, n) for n in ("name", "email", "phone")} if contact else {}
        form = ContactForm(initial=start)
    status = 400 if form is not None and form.errors else 200
    return render(request, "relations/customer.html", {"page": page, "form": form}, status=status)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

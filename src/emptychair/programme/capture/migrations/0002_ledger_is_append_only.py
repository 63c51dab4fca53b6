from django.db import migrations

from emptychair.programme.capture.ledger import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("capture", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]

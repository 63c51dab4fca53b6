from django.db import migrations

from emptychair.programme.customers.searching import forget_names, index_names


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_fitter_indexes")]

    operations = [migrations.RunPython(index_names, forget_names)]

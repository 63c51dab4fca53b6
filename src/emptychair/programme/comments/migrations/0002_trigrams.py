from django.db import migrations

from emptychair.programme.comments import trigrams


class Migration(migrations.Migration):
    dependencies = [("comments", "0001_initial")]

    operations = [migrations.RunPython(trigrams.create, trigrams.remove)]

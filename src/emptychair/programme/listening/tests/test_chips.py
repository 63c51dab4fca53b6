DELIVERY, RESPONSES = "/delivery/", "/responses/"


def chips(client, query=""):
    answer = client.get(f"{DELIVERY}{query}")
    assert answer.status_code == 200
    return {chip.name: chip for chip in answer.context["page"].theme_chips}, answer


def test_it_shows_themes_with_count_and_direction(company, client, alice):
    client.force_login(alice)
    found, answer = chips(client)
    assert [(name, chip.count, chip.direction) for name, chip in found.items()] == [
        ("Staff friendliness", "20", "lifts"), ("Price", "20", "pulls_down"),
    ]  # fmt: skip
    assert "goes along with lower scores" in answer.content.decode()


def test_it_leaves_out_themes_of_few_people(company, client, alice):
    client.force_login(alice)
    found, _answer = chips(client)
    assert "Waiting time" not in found


def test_a_chip_chooses_the_comments_and_lets_go_again(company, client, alice):
    client.force_login(alice)
    found, whole = chips(client)
    page = client.get(f"{DELIVERY}{found['Price'].url}").context["page"]
    assert all("dyrt" in one.text for one in page.comments)
    assert page.comments
    price = next(chip for chip in page.theme_chips if chip.name == "Price")
    assert price.is_current
    assert "theme" not in price.url
    listed = client.get(page.comments_url)
    assert listed.context["list"].total == 20
    assert page.figure == whole.context["page"].figure


def test_the_figures_stay_while_bucket_and_theme_narrow_the_comments(company, client, alice):
    client.force_login(alice)
    _found, answer = chips(client, "?theme=price&bucket=promoter")
    page = answer.context["page"]
    assert page.comments == ()
    assert all("theme=price" in switch.url for switch in page.comment_switches)


def test_it_names_themes_without_counts_where_no_study_covers_the_period(company, client, alice):
    client.force_login(alice)
    found, _answer = chips(client, "?period=30d")
    assert [(chip.count, chip.direction) for chip in found.values()] == [("", ""), ("", "")]
    assert list(found) == ["Staff friendliness", "Price"]


def test_unit_managers_get_the_chips_of_their_own_unit(company, client, bob):
    client.force_login(bob)
    found, _answer = chips(client)
    assert found["Price"].count == "20"
    assert found["Staff friendliness"].count == "10"
    elsewhere, _answer = chips(client, "?unit=lund")
    assert elsewhere == {}


def test_a_theme_nobody_knows_chooses_nothing_and_breaks_nothing(company, client, alice):
    client.force_login(alice)
    found, answer = chips(client, "?theme=%F0%9F%91%8D%27--")
    assert list(found) == ["Staff friendliness", "Price"]
    assert answer.context["page"].comments == ()


def test_a_chosen_theme_stays_among_the_chips_where_it_is_rare(company, client, alice):
    client.force_login(alice)
    found, _answer = chips(client, "?theme=waiting")
    assert found["Waiting time"].is_current
    assert found["Waiting time"].count == ""

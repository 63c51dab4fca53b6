"""The conversation guide: what to say and write, in the customer's language."""

from collections.abc import Mapping

Lines = tuple[str, ...]
GUIDE: Mapping[str, Mapping[str, Lines]] = {
    "unhappy": {
        "sv": (
            "Tack för att du svarade. Jag ringer för att jag vill förstå vad som hände.",
            "Du gav oss {score} av 10. Vad var det som gjorde att det inte blev högre?",
            "Om jag förstår dig rätt … Stämmer det?",
            "Det beklagar jag. Det här kan jag göra, och då: …",
            "Vad hade behövt vara annorlunda för att du skulle rekommendera oss?",
        ),
        "da": (
            "Tak, fordi du svarede. Jeg ringer, fordi jeg gerne vil forstå, hvad der skete.",
            "Du gav os {score} ud af 10. Hvad gjorde, at det ikke blev højere?",
            "Hvis jeg forstår dig ret … Passer det?",
            "Det beklager jeg. Det her kan jeg gøre, og hvornår: …",
            "Hvad skulle have været anderledes, for at du ville anbefale os?",
        ),
        "nb": (
            "Takk for at du svarte. Jeg ringer fordi jeg gjerne vil forstå hva som skjedde.",
            "Du ga oss {score} av 10. Hva gjorde at det ikke ble høyere?",
            "Om jeg forstår deg rett … Stemmer det?",
            "Det beklager jeg. Dette kan jeg gjøre, og når: …",
            "Hva måtte ha vært annerledes for at du skulle anbefale oss?",
        ),
        "fi": (
            "Kiitos vastauksestasi. Soitan, koska haluan ymmärtää, mitä tapahtui.",
            "Annoit meille {score} kymmenestä. Mikä sai sen jäämään siihen?",
            "Jos ymmärrän oikein … Onko se näin?",
            "Olen pahoillani. Tämän voin tehdä, ja silloin: …",
            "Minkä olisi pitänyt olla toisin, jotta suosittelisit meitä?",
        ),
        "de": (
            "Danke für Ihre Antwort. Ich rufe an, weil ich verstehen möchte, was passiert ist.",
            "Sie haben uns {score} von 10 gegeben. Was hat mehr verhindert?",
            "Wenn ich Sie richtig verstehe … Stimmt das?",
            "Das tut mir leid. Das kann ich tun, und zwar bis: …",
            "Was hätte anders sein müssen, damit Sie uns empfehlen?",
        ),
        "en": (
            "Thank you for answering. I am calling because I want to understand what happened.",
            "You gave us {score} out of 10. What kept it from being higher?",
            "If I understand you rightly … Is that so?",
            "I am sorry about that. This is what I can do, and by when: …",
            "What would have had to be different for you to recommend us?",
        ),
    },
    "praise": {
        "sv": (
            "Tack för dina fina ord. Jag ville säga det personligen.",
            "Vad var det som gjorde skillnaden för dig?",
            "Får jag berätta det för den som hjälpte dig?",
        ),
        "da": (
            "Tak for dine pæne ord. Jeg ville sige det personligt.",
            "Hvad gjorde forskellen for dig?",
            "Må jeg fortælle det til den, der hjalp dig?",
        ),
        "nb": (
            "Takk for de fine ordene. Jeg ville si det personlig.",
            "Hva gjorde forskjellen for deg?",
            "Kan jeg fortelle det til den som hjalp deg?",
        ),
        "fi": (
            "Kiitos kauniista sanoistasi. Halusin sanoa sen henkilökohtaisesti.",
            "Mikä ratkaisi asian sinulle?",
            "Saanko kertoa sen sille, joka auttoi sinua?",
        ),
        "de": (
            "Danke für Ihre freundlichen Worte. Ich wollte es Ihnen persönlich sagen.",
            "Was hat für Sie den Unterschied gemacht?",
            "Darf ich es der Person erzählen, die Ihnen geholfen hat?",
        ),
        "en": (
            "Thank you for your kind words. I wanted to say so in person.",
            "What made the difference for you?",
            "May I tell the person who helped you?",
        ),
    },
    "idea": {
        "sv": (
            "Tack för ditt förslag. Får jag ställa två frågor om det?",
            "När hade det hjälpt dig senast?",
            "Vad gör du i stället i dag?",
            "Jag tar det vidare, och du får veta vad det blir av det.",
        ),
        "da": (
            "Tak for dit forslag. Må jeg stille to spørgsmål om det?",
            "Hvornår ville det have hjulpet dig sidst?",
            "Hvad gør du i stedet i dag?",
            "Jeg tager det videre, og du får at vide, hvad der sker.",
        ),
        "nb": (
            "Takk for forslaget. Kan jeg stille to spørsmål om det?",
            "Når ville det ha hjulpet deg sist?",
            "Hva gjør du i stedet i dag?",
            "Jeg tar det videre, og du får vite hva det blir til.",
        ),
        "fi": (
            "Kiitos ehdotuksestasi. Saanko kysyä siitä kaksi asiaa?",
            "Milloin siitä olisi viimeksi ollut sinulle apua?",
            "Mitä teet sen sijaan nyt?",
            "Vien asian eteenpäin, ja kuulet, mitä siitä tuli.",
        ),
        "de": (
            "Danke für Ihren Vorschlag. Darf ich zwei Fragen dazu stellen?",
            "Wann hätte es Ihnen zuletzt geholfen?",
            "Was machen Sie stattdessen heute?",
            "Ich gebe es weiter, und Sie erfahren, was daraus wird.",
        ),
        "en": (
            "Thank you for your suggestion. May I ask two questions about it?",
            "When would it have helped you last?",
            "What do you do instead today?",
            "I will take it further, and you will hear what comes of it.",
        ),
    },
    "silence": {
        "sv": (
            "Jag ringer för att vi inte har hört något från dig på länge.",
            "Hur fungerar det vi levererar för er just nu?",
            "Finns det något du hade velat säga till oss, men inte fått tillfälle till?",
            "Vad skulle göra att du rekommenderade oss?",
        ),
        "da": (
            "Jeg ringer, fordi vi ikke har hørt fra dig længe.",
            "Hvordan fungerer det, vi leverer, for jer lige nu?",
            "Er der noget, du gerne ville have sagt til os, men ikke har fået lejlighed til?",
            "Hvad skulle der til, for at du ville anbefale os?",
        ),
        "nb": (
            "Jeg ringer fordi vi ikke har hørt fra deg på lenge.",
            "Hvordan fungerer det vi leverer for dere akkurat nå?",
            "Er det noe du gjerne ville ha sagt til oss, men ikke har fått anledning til?",
            "Hva skulle til for at du ville anbefale oss?",
        ),
        "fi": (
            "Soitan, koska emme ole kuulleet sinusta pitkään aikaan.",
            "Miten toimituksemme toimivat teillä juuri nyt?",
            "Onko jotain, mitä olisit halunnut sanoa meille, mutta et ole päässyt sanomaan?",
            "Mikä saisi sinut suosittelemaan meitä?",
        ),
        "de": (
            "Ich rufe an, weil wir lange nichts von Ihnen gehört haben.",
            "Wie läuft das, was wir Ihnen liefern, zurzeit bei Ihnen?",
            "Gibt es etwas, das Sie uns sagen wollten, wozu aber die Gelegenheit fehlte?",
            "Was müsste geschehen, damit Sie uns empfehlen?",
        ),
        "en": (
            "I am calling because we have not heard from you for a long time.",
            "How does what we deliver work for you just now?",
            "Is there something you would have liked to tell us and never had occasion to?",
            "What would it take for you to recommend us?",
        ),
    },
}


SUBJECT = {
    "sv": "Om ditt svar till {company}",
    "da": "Om dit svar til {company}",
    "nb": "Om svaret ditt til {company}",
    "fi": "Vastauksestasi: {company}",
    "de": "Zu Ihrer Antwort an {company}",
    "en": "About your answer to {company}",
}


def subject_of(language: str, company: str) -> str:
    """Return the subject of a letter to the customer, in their language or else in English."""
    return SUBJECT.get(language, SUBJECT["en"]).format(company=company)


def guide_of(kind: str, language: str, score: int) -> Lines:
    """Return what to say, in the customer's language or else in English."""
    lines = GUIDE[kind]
    return tuple(line.format(score=score) for line in lines.get(language, lines["en"]))

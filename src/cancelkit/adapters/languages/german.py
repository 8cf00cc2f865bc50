"""The German texts: formal and short, as the users of a German CRM read them.

A text that a section brings (its title, the label of a reason or mood) stands under "label." and
the English text, so that a host's own label is never replaced.
"""

from __future__ import annotations

TEXTS = {
    # the checklist's own
    "section.unanswered": "Nicht prüfbar: {why}",
    "section.failed": "Nicht prüfbar: Fehler in der Prüfung ({error})",
    "section.missing": "Nicht prüfbar: Das Plug-in für {key} ist nicht installiert",
    "section.unplannable": "Nicht prüfbar: Die geplante Änderung lässt sich nicht speichern",
    "section.gone": "Nicht prüfbar: Der Kunde ist nicht mehr vorhanden",
    "section.required": "Noch auszufüllen: {labels}",
    "section.unreadable": "Diese Version kann die gespeicherte Eingabe nicht lesen",
    # the circles
    "light.green": "erledigt",
    "light.red": "zu erledigen",
    "light.unknown": "unbekannt",
    # the status, where the CRM has none, and pending cancellation beside its own
    "state.live": "Aktiv",
    "state.pending": "Aktiv (in Kündigung)",
    "state.cancelled": "Gekündigt",
    "state.marked": "{label} (in Kündigung)",
    # reasons
    "reasons.none": "Es ist kein Grund angegeben",
    "reasons.none.hint": "Mindestens einen Grund auswählen oder beschreiben",
    "reasons.comment": "Der Grund {labels} verlangt eine Erläuterung",
    "reasons.given": "{labels}",
    "reasons.explained": "{labels}; {text}",
    "reasons.written": "{text}",
    "reasons.gone": "{labels} steht nicht als Grund zur Auswahl",
    "reasons.not_required": "Es ist kein Grund angegeben und keiner erforderlich",
    # ownership
    "ownership.none": "Es ist niemand als zuständig ausgewählt",
    "ownership.none.hint": "Einen aktiven Benutzer auswählen oder die Zuständigkeit beibehalten",
    "ownership.kept": "Die Zuständigkeit bleibt bestehen",
    "ownership.planned": "{owner} wird zuständig",
    "ownership.assigned": "{owner} ist zuständig",
    "ownership.performed": "{owner} wurde als zuständig eingetragen",
    "ownership.inactive": "{owner} ist nicht mehr als Benutzer aktiv",
    "ownership.gone": "{owner} ist nicht mehr als Benutzer vorhanden",
    # future expiry
    "expiry.future": "Nächste Wiedervorlage am {on}",
    "expiry.planned": "Eine Wiedervorlage am {on} wird angelegt",
    "expiry.past": "Eine Wiedervorlage muss nach dem heutigen Tag liegen, nicht am {on}",
    "expiry.none": "Keine Wiedervorlage nach dem heutigen Tag",
    "expiry.none_then": "Keine Wiedervorlage nach dem {on}",
    "expiry.none.hint": "Eine Wiedervorlage mit künftigem Datum anlegen",
    # assets
    "assets.ceased": "Alle Anlagen sind außer Betrieb",
    "assets.live.one": "{count} Anlage ist noch in Betrieb",
    "assets.live.other": "{count} Anlagen sind noch in Betrieb",
    "assets.live.hint": "Enddatum eintragen und den Haken „In Betrieb“ entfernen",
    "assets.scheduled.one": "{count} Anlage hat ein Enddatum in der Zukunft",
    "assets.scheduled.other": "{count} Anlagen haben ein Enddatum in der Zukunft",
    "assets.scheduled.hint": "Das Enddatum abwarten oder vorziehen",
    "assets.ticked.one": (
        "{count} Anlage hat ihr Enddatum erreicht, ist aber noch als in Betrieb markiert"
    ),
    "assets.ticked.other": (
        "{count} Anlagen haben ihr Enddatum erreicht, sind aber noch als in Betrieb markiert"
    ),
    "assets.ticked_then.one": (
        "{count} Anlage hat bis dahin ihr Enddatum erreicht, ist aber noch als in Betrieb markiert"
    ),
    "assets.ticked_then.other": (
        "{count} Anlagen haben bis dahin ihr Enddatum erreicht, sind aber noch als in Betrieb "
        "markiert"
    ),
    "assets.ticked.hint": "Den Haken „In Betrieb“ entfernen",
    "assets.left.other": (
        "{count} Anlagen sind nicht außer Betrieb: {live} ohne Enddatum, {scheduled} mit einem "
        "Enddatum in der Zukunft, {ticked} noch als in Betrieb markiert"
    ),
    "assets.left.hint": ("Ein erreichtes Enddatum eintragen und den Haken „In Betrieb“ entfernen"),
    # all X closed
    "records.closed": "Nichts offen",
    "records.open.one": "{count} noch offen",
    "records.open.other": "{count} noch offen",
    "records.open.hint": "Im CRM einzeln abschließen",
    # mood
    "mood.none": "Es ist keine Stimmung ausgewählt",
    "mood.none.hint": "Eine der Möglichkeiten auswählen",
    "mood.unlisted": "{mood} steht nicht mehr zur Auswahl",
    "mood.chosen": "{labels}",
    # effects
    "effect.assign_owner": "Zuständig: {was} → {to}",
    "effect.create_expiry": "Neue Wiedervorlage am {on}",
    "drift.adopted": "Früherer Status, wie übernommen: {was} → {to}",
    "drift.left": "Status im CRM unverändert: {status}",
    "begun.profile": "Profil: {profile}",
    "override.used": "{section} wurde von {by} übergangen",
    # refusals: full sentences
    "command.refused": "{verb} wurde für {name} ({customer}) abgelehnt: {why}.",
    "plan.none": "Für {name} gibt es keinen Plan: {why}.",
    "refused.not_allowed": "{actor} hat keine Rolle, die das erlaubt",
    "refused.not_pending": (
        "Es läuft keine Kündigung, der Status ist {status}; jetzt möglich: {moves}"
    ),
    "refused.already_pending": (
        "Das CRM zeigt {status} und eine laufende Kündigung, obwohl hier keine offen ist; "
        "bitte zuerst die Kennzeichnung im CRM entfernen"
    ),
    "refused.already_cancelled": "Bereits gekündigt durch {by} am {at}; jetzt möglich: {moves}",
    "refused.cancelled_elsewhere": (
        "Bereits auf anderem Weg beendet, der Status ist {status}; jetzt möglich: {moves}"
    ),
    "refused.stale_token": (
        "Seit der Anzeige des Plans hat sich etwas geändert; bitte den neuen Plan prüfen"
    ),
    "refused.newer_answer": "{by} hat hier etwas Neueres eingetragen; bitte zuerst ansehen",
    "refused.confirmation_missing": (
        "Das Token des Plans fehlt; bitte dem aktuellen Plan entnehmen"
    ),
    "refused.operation_reused": "Die Vorgangs-ID {op} wurde bereits mit anderen Angaben verwendet",
    "refused.drift": (
        "Der Status wurde von anderer Seite auf {status} geändert und wird nicht überschrieben; "
        "bitte im CRM wieder auf {was} (in Kündigung) setzen; jetzt möglich: {moves}"
    ),
    "refused.customer_gone": (
        "{customer} ist nicht mehr vorhanden (gelöscht, zusammengeführt oder verschoben); "
        "bitte die Kündigung beenden"
    ),
    "refused.other_profile": (
        "Die offene Kündigung wurde mit dem Profil {profile} begonnen, nicht mit {asked}; bitte "
        "ohne Angabe eines Profils öffnen oder zuerst zurücknehmen"
    ),
    "refused.no_status": (
        "Das CRM gibt für {customer} keinen Status an, der als in Kündigung markiert werden "
        "könnte; bitte zuerst einen eintragen"
    ),
    "refused.no_drift": ("Der Status ist {status}, wie er sein soll; jetzt möglich: {moves}"),
    "refused.not_cancelled": "Nicht gekündigt, der Status ist {status}; jetzt möglich: {moves}",
    "refused.too_early": (
        "Das Wirksamkeitsdatum {on} liegt vor dem ersten Tag des Kunden, dem {since}"
    ),
    "refused.nothing_to_override": (
        "Der Punkt ist nicht rot, blockiert nicht oder ist nicht prüfbar"
    ),
    "refused.not_wanted": "Neue Datensätze ({kind}) sind nicht zulässig, der Status ist {status}",
    "refused.effect_changed": ("Seither von anderer Seite geändert; lässt sich nicht zurücksetzen"),
    "refused.owner_left": (
        "{owner} ist nicht mehr als Benutzer aktiv; bitte ohne Zurücksetzen ausführen"
    ),
    "refused.nothing_planned": "Es ist nichts geplant, oder es wurde bereits ausgeführt",
    # the banner, the drift notice, the plan
    "banner.pending": "Kündigung läuft seit {on}, begonnen von {by}",
    "banner.scheduled": "Kündigung vorgemerkt für {day}; läuft seit {on}, begonnen von {by}",
    "banner.blocked": (
        "Die für {day} vorgemerkte Kündigung war blockiert und wird am {due} erneut versucht; "
        "läuft seit {on}, begonnen von {by}"
    ),
    "banner.customer_gone": (
        "{customer} ist nicht mehr vorhanden: gelöscht, zusammengeführt oder verschoben"
    ),
    "banner.drift": "Der Status wurde von anderer Seite auf {status} geändert",
    "plan.status": "Status: {was} → {to}",
    # verbs, for history and sentences
    "verb.begin": "Kündigung beginnen",
    "verb.enter": "Eingabe",
    "verb.perform_now": "Jetzt ausführen",
    "verb.override": "Übergehen",
    "verb.schedule": "Kündigung vormerken",
    "verb.process": "Kündigung durchführen",
    "verb.remove": "Kündigung zurücknehmen",
    "verb.adopt": "Status übernehmen",
    "verb.end": "Kündigung beenden",
    "verb.reinstate": "Wiederaufnehmen",
    "verb.none": "nichts",
    # what people are told
    "event.begun": "Die Kündigung von {name} wurde von {by} begonnen",
    "event.removed": "Die Kündigung von {name} wurde von {by} zurückgenommen",
    "event.ended": "Die Kündigung von {name} wurde von {by} beendet; das CRM blieb unverändert",
    "event.scheduled": "Die Kündigung von {name} wurde von {by} für den {on} vorgemerkt",
    "event.blocked": "Die für den {on} vorgemerkte Kündigung von {name} ist blockiert",
    "event.processed": "Die Kündigung von {name} wurde von {by} zum {on} durchgeführt",
    "event.reinstated": "{name} wurde von {by} wieder aufgenommen",
    # the timeline
    "timeline.behalf": "{who} für {behalf}",
    "timeline.effective": "wirksam zum {on}",
    "timeline.reason": "Begründung: {reason}",
    "timeline.taken_back": "zurückgenommen",
    "timeline.refused": "abgelehnt: {why}",
    # the guard
    "guard.refused": "Abgelehnt: {why}.",
    "guard.pending": "{name} wird gekündigt ({status}): Werden neue {kind} noch gewünscht?",
    # the queue
    "stage.to_do": "Zu erledigen: {sections}",
    "stage.early": "Der erste Tag des Kunden, {since}, kommt erst noch",
    "stage.unknown": "Nicht prüfbar: {sections}",
    "stage.ready": "Bereit zur Durchführung",
    "stage.scheduled": "Vorgemerkt für {on}",
    "stage.blocked": "War am {on} blockiert; neuer Versuch am {due}",
    "stage.damaged": "Die gespeicherte Kündigung ist nicht lesbar",
    "stage_word.damaged": "Beschädigt",
    "stage_word.gone": "Kunde nicht vorhanden",
    "stage_word.drift": "Von anderen geändert",
    "stage_word.blocked": "Am Stichtag blockiert",
    "stage_word.scheduled": "Vorgemerkt",
    "stage_word.to_do": "Zu erledigen",
    "stage_word.unknown": "Nicht geprüft",
    "stage_word.ready": "Bereit",
    "queue.customer": "Kundennummer",
    "queue.name": "Kunde",
    "queue.status": "Status",
    "queue.owners": "Zuständig",
    "queue.profile": "Profil",
    "queue.stage": "Stand",
    "queue.says": "Stand im Einzelnen",
    "queue.blocked_by": "Blockiert durch",
    "queue.reasons": "Gründe",
    "queue.begun_on": "Begonnen am",
    "queue.begun_by": "Begonnen von",
    "queue.age": "Tage offen",
    "queue.touched_on": "Zuletzt bearbeitet am",
    "queue.touched_by": "Zuletzt bearbeitet von",
    "queue.on": "Wirksamkeitsdatum",
    "queue.due": "Versuch am",
    "queue.overdue": "Überfällig",
    "queue.stuck": "Ohne Fortschritt",
    "queue.yes": "ja",
    "queue.no": "nein",
    # titles of the sections
    "label.Cancellation reasons": "Kündigungsgründe",
    "label.Ownership": "Zuständigkeit",
    "label.Future Expiry": "Künftige Wiedervorlage",
    "label.Assets": "Anlagen",
    "label.Cases": "Vorgänge",
    "label.Opportunities": "Verkaufschancen",
    "label.Quotations": "Angebote",
    "label.Sales Orders": "Aufträge",
    "label.Customer Mood": "Kundenstimmung",
    # the reasons that ship
    "label.Price": "Preis",
    "label.Service or support": "Service oder Betreuung",
    "label.Moved to a competitor": "Wechsel zum Wettbewerb",
    "label.Moved away": "Umzug",
    "label.Ceased trading": "Geschäftsaufgabe",
    "label.Other": "Sonstiges",
    # their fields
    "label.codes": "Gründe",
    "label.text": "Freitext",
    "label.extra": "Zusätzliche Angaben",
    "label.user": "Neue zuständige Person",
    "label.keep": "Zuständigkeit beibehalten",
    "label.option": "Stimmung",
    "label.on": "Datum",
    "label.note": "Notiz",
    # the moods that ship
    "label.Happy": "Zufrieden",
    "label.Neutral": "Neutral",
    "label.Disappointed": "Enttäuscht",
    "label.Angry": "Verärgert",
}

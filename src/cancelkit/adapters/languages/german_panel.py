"""The German texts of the panel: `cancelkit.adapters.web.texts` in German."""

from __future__ import annotations

TEXTS = {
    # gates: the words behind the circles
    "gate.blocks": "blockiert",
    "gate.advises": "Hinweis",
    "gate.off": "aus",
    # every page
    "panel.skip": "Zum Inhalt springen",
    "panel.navigation": "Seiten",
    "panel.actor": "Angemeldet als",
    "panel.queue": "Offene Kündigungen",
    "panel.back_to_customer": "Zurück zum Kunden",
    "panel.offline": "Der Server ist nicht erreichbar. Ihre Eingabe ist noch da.",
    # the customer
    "panel.title": "Kündigung von {name}",
    "panel.owners": "Zuständig",
    "panel.no_owner": "niemand",
    "panel.status": "Status",
    "panel.profile": "Profil",
    "panel.read_at": "Stand",
    "panel.checklist": "Prüfliste",
    "panel.checklist.live": "Was eine Kündigung erfordern würde",
    "panel.checklist.cancelled": "Die Prüfliste heute",
    "panel.summary": "{green} von {total} erledigt",
    "panel.blocking.one": "{count} blockiert",
    "panel.blocking.other": "{count} blockieren",
    "panel.refresh": "Ansicht aktualisieren",
    "panel.drift": (
        "Er wird nicht überschrieben. Ein CRM-Administrator kann damit weiterarbeiten oder "
        "die Kündigung beenden."
    ),
    "panel.cancelled": "Gekündigt durch {by}, {at}.",
    "panel.effective": "Wirksam zum {on}.",
    # a day to come
    "panel.check_day": "Wirksamkeitsdatum",
    "panel.check_day.hint": "Anzeigen, was an einem künftigen Tag erledigt sein wird.",
    "panel.check": "Prüfen",
    "panel.as_of": "Dies ist die Prüfliste zum {on}",
    "panel.as_of_today": "Stand von heute anzeigen",
    "panel.turning_red": "Heute erledigt, aber nicht zum {on}",
    "panel.turning_red.some": "Einige heute erledigte Punkte werden es dann nicht mehr sein.",
    # a section
    "panel.manage": "Bearbeiten",
    "panel.save": "Speichern",
    "panel.change": "Ändern",
    "panel.show_records": "Anzeigen, welche",
    "panel.more_records": "und weitere",
    "panel.cannot_fix": "Sie dürfen dies im CRM nicht ändern; bitten Sie jemanden, der es darf",
    "panel.planned": "Geplant:",
    "panel.perform_now": "Jetzt ausführen",
    "panel.theirs": "Eingetragen von {by}, {at}",
    "panel.theirs.help": "Ihre Eingabe steht unten. Wenn Sie speichern, ersetzt sie diese.",
    "panel.lost": "Was Sie eingegeben haben, wurde nicht gespeichert:",
    "panel.use_theirs": "So lassen",
    "panel.override": "Übergehen",
    "panel.override.help": "Die Begründung bleibt im Verlauf und im Plan.",
    "panel.override.reason": "Warum es so bleiben darf",
    "panel.override.take_back": "Zurücknehmen",
    "panel.overridden": "Übergangen von {by}, {at}:",
    "panel.overridden.word": "übergangen",
    # what was done so far
    "panel.performed": "Bereits ausgeführt",
    "panel.timeline": "Verlauf",
    "panel.no_timeline": "Bisher ist nichts geschehen.",
    "panel.earlier.one": "{count} früherer",
    "panel.earlier.other": "{count} frühere",
    "done.begin": "Die Kündigung ist begonnen.",
    "done.enter": "Gespeichert: {section}",
    "done.perform_now": "Ausgeführt: {section}",
    "done.override": "Übergehen festgehalten: {section}",
    "done.take_back": "Übergehen zurückgenommen: {section}",
    "done.schedule": "Vorgemerkt. Am Stichtag wird erneut geprüft und dann durchgeführt.",
    "done.process": "{name} ist gekündigt.",
    "done.remove": "Die Kündigung ist zurückgenommen. Der Status ist wieder der frühere.",
    "done.adopt": "Die Kündigung läuft mit dem Status weiter, den das CRM hat.",
    "done.end": "Die Kündigung ist beendet. Im CRM wurde nichts geändert.",
    "done.reinstate": "{name} ist wieder aufgenommen.",
    # fields
    "field.required": "Pflichtfeld",
    "field.none": "keine",
    "field.lines.help": "Je Zeile eine Angabe",
    "field.json.help": "Als JSON",
    "field.ownership.user": "Neue zuständige Person",
    "field.ownership.keep": "Zuständigkeit beibehalten",
    "field.ownership.search": "Benutzer suchen",
    "field.ownership.find": "Suchen",
    "field.ownership.none": "Später entscheiden",
    "field.ownership.nobody": "Es gibt keinen aktiven Benutzer mit diesem Namen.",
    "field.reasons.codes": "Gründe",
    "field.reasons.comment": "Erläuterung zu {reason}",
    "field.reasons.comment_required": "Eine Erläuterung ist erforderlich",
    "field.reasons.comment_optional": "Erläuterung, falls gewünscht",
    "field.reasons.text": "In den Worten des Kunden",
    "field.reasons.extra": "Zusätzliche Angaben",
    "field.mood.option": "Stimmung",
    "field.future_expiry.on": "Wiedervorlage anlegen am",
    "field.future_expiry.note": "Notiz für die erinnerte Person",
    "field.wrong.day": "Bitte ein Datum eingeben, etwa 2026-03-31",
    "field.wrong.instant": "Bitte Datum und Uhrzeit eingeben, etwa 2026-03-31T09:30",
    "field.wrong.whole": "Bitte eine ganze Zahl eingeben, etwa 12",
    "field.wrong.number": "Bitte eine Zahl eingeben, etwa 12.5",
    "field.wrong.separator": "Das ist zweideutig; schreiben Sie zum Beispiel 1500 oder 1,5",
    "field.wrong.json": "Bitte gültiges JSON eingeben",
    "field.wrong.choice": "Bitte eine der Möglichkeiten auswählen",
    "field.wrong.unticked": "Bitte auch den Grund ankreuzen oder die Erläuterung löschen",
    "field.wrong.comment": "Der Grund {reason} verlangt eine Erläuterung",
    "field.wrong.other": "{why}",
    # confirmation pages
    "confirm.begin": "Kündigung von {name} beginnen?",
    "confirm.begin.what": (
        "Der Kunde wird als „in Kündigung“ gekennzeichnet. Sonst ändert sich noch nichts."
    ),
    "confirm.begin.profile": "Prüfliste",
    "confirm.begin.profile.own": "Die übliche",
    "confirm.process": "Kündigung von {name} durchführen?",
    "confirm.process.later": "Kündigung von {name} für den {on} vormerken?",
    "confirm.on": "Wirksamkeitsdatum",
    "confirm.on.hint": (
        "Mit einem künftigen Datum wird die Kündigung vorgemerkt; ein vergangenes wird so "
        "festgehalten."
    ),
    "confirm.on.change": "Plan für dieses Datum anzeigen",
    "confirm.steps": "Was ausgeführt wird",
    "confirm.no_steps": "Die Kündigung wird abgeschlossen; im CRM ändert sich nichts",
    "confirm.notify": "Wer benachrichtigt wird",
    "confirm.notify_then": "Wer am {on} benachrichtigt wird",
    "confirm.nobody": "Niemand",
    "confirm.blocked": "Was noch im Weg steht",
    "confirm.until_then": "Noch zu erledigen bis {on}",
    "confirm.advice": "Nicht erledigt, aber kein Hindernis",
    "confirm.overridden": "Übergangen",
    "confirm.remove": "Kündigung von {name} zurücknehmen?",
    "confirm.remove.what": (
        "Der Kunde erhält wieder den früheren Status. Die Eingaben bleiben im Verlauf erhalten."
    ),
    "confirm.stays": "Was inzwischen ausgeführt wurde, bleibt bestehen",
    "confirm.put_back": "Zurücksetzen:",
    "confirm.reinstate": "{name} wieder aufnehmen?",
    "confirm.reinstate.what": (
        "Der Kunde erhält wieder den Status von vor der Kündigung. Der Verlauf bleibt erhalten."
    ),
    "confirm.adopt": "Mit dem jetzigen Status von {name} weiterarbeiten?",
    "confirm.adopt.what": (
        "Die Kündigung läuft weiter; wird sie zurückgenommen, gilt wieder dieser Status."
    ),
    "confirm.end": "Kündigung von {name} beim jetzigen Stand beenden?",
    "confirm.end.what": "Im CRM wird nichts geändert.",
    "confirm.yes.begin": "Kündigung beginnen",
    "confirm.yes.process": "Kündigung durchführen",
    "confirm.yes.schedule": "Kündigung vormerken",
    "confirm.yes.remove": "Kündigung zurücknehmen",
    "confirm.yes.reinstate": "Wiederaufnehmen",
    "confirm.yes.adopt": "Weiterarbeiten",
    "confirm.yes.end": "Kündigung beenden",
    "confirm.no": "Zurück",
    "panel.moved": "{what}: Das ist nicht mehr möglich. Bitte den aktuellen Stand ansehen.",
    "panel.look": "Ansehen",
    # the banner
    "banner.label": "Kündigung läuft",
    "banner.view": "Kündigung ansehen",
    # the queue
    "queue.title": "Offene Kündigungen",
    "queue.found": "{found} von {total}",
    "queue.none": "Es ist keine Kündigung offen.",
    "queue.none.fits": "Keine offene Kündigung passt dazu.",
    "queue.since": "In Kündigung seit",
    "queue.days.one": "{count} Tag",
    "queue.days.other": "{count} Tage",
    "queue.any": "alle",
    "queue.nobody": "niemand",
    "queue.no_reason": "nicht angegeben",
    "queue.usual": "das übliche",
    "queue.older": "Offen seit mindestens (Tage)",
    "queue.search": "Name oder Nummer",
    "queue.filter": "Filtern",
    "queue.clear": "Alle anzeigen",
    "queue.export": "Als CSV exportieren",
    "queue.only_overdue": "Nur überfällige",
    "queue.only_stuck": "Nur ohne Fortschritt",
    "queue.is_overdue": "überfällig",
    "queue.is_stuck": "ohne Fortschritt",
    "queue.more": "Es gibt mehr, als gelesen werden konnten; die zuletzt begonnenen fehlen.",
    "queue.page": "Seite {page} von {pages}",
    "queue.before": "Zurück",
    "queue.after": "Weiter",
    # what went wrong
    "problem.not_found": "Nicht gefunden",
    "problem.not_found.detail": "Hier ist nichts, oder nichts, was Sie sehen dürfen.",
    "problem.method_not_allowed": "So nicht möglich",
    "problem.method_not_allowed.detail": (
        "Dafür ist diese Adresse nicht da. Es wurde nichts geändert."
    ),
    "problem.forged": "Bitte erneut senden",
    "problem.forged.detail": (
        "Die Seite war zu alt oder kam nicht von hier. Es wurde nichts geändert."
    ),
    "problem.too_large": "Zu groß",
    "problem.too_large.detail": (
        "Es wurde mehr gesendet, als hier gelesen wird. Es wurde nichts geändert."
    ),
    "problem.media_type": "Nicht lesbar",
    "problem.media_type.detail": (
        "Was gesendet wurde, ist hier nicht lesbar. Es wurde nichts geändert."
    ),
    "problem.invalid": "Bitte berichtigen",
    "problem.invalid.detail": (
        "Etwas in der Adresse oder in dem, was gesendet wurde, gehört nicht hierher. "
        "Es wurde nichts geändert."
    ),
    "problem.unfit": "Bitte berichtigen",
    "problem.unfit.detail": "Es wurde noch nichts gespeichert; bei den Feldern steht, warum.",
    "problem.not_allowed": "Nicht erlaubt",
    "problem.refused": "Abgelehnt",
    "problem.stale_token": "Inzwischen hat sich etwas geändert",
    "problem.stale_token.detail": "Dies ist der aktuelle Plan. Es wurde noch nichts ausgeführt.",
    "problem.newer_answer": "Inzwischen hat jemand anderes etwas eingetragen",
    "problem.confirmation_missing": "Bitte bestätigen",
    "problem.confirmation_missing.detail": "Dies ist der Plan. Es wurde noch nichts ausgeführt.",
    "problem.operation_reused": "Diese Seite wurde bereits verwendet",
    "problem.operation_reused.detail": (
        "Ihre jetzige Eingabe steht unten; sie ist noch nicht gespeichert. Bitte erneut senden."
    ),
    "problem.busy": "Belegt; bitte erneut versuchen",
    "problem.busy.detail": (
        "Jemand anderes bearbeitet gerade diesen Kunden. Es wurde nichts geändert."
    ),
    "problem.outcome_unknown": "Die Antwort ging verloren; bitte erneut ansehen",
    "problem.outcome_unknown.detail": (
        "Es wurde vielleicht ausgeführt, vielleicht nicht. Dieselbe Seite erneut zu senden "
        "führt nichts doppelt aus."
    ),
    "problem.failed": "Es ist ein Fehler aufgetreten",
    "problem.failed.detail": "Es wurde nichts geändert. Der Fehler wurde gemeldet.",
}

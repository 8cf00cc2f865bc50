"""The English texts of all messages: what a second language has to translate.

Kept plain: `{name}` places only. A text with a count has a form for each plural category.
"""

from __future__ import annotations

from cancelkit.messages import Catalogue

TEXTS = {
    # the checklist's own
    "section.unanswered": "Could not be checked: {why}",
    "section.failed": "Could not be checked: the section failed ({error})",
    "section.missing": "Could not be checked: the plug-in for {key} is not installed",
    "section.unplannable": "Could not be checked: what it would do cannot be stored",
    "section.gone": "Could not be checked: the customer is not here any more",
    "section.required": "Still to fill in: {labels}",
    "section.unreadable": "What was entered cannot be read by this version of the section",
    # the circles
    "light.green": "complete",
    "light.red": "to do",
    "light.unknown": "unknown",
    # the status, where the CRM has none, and pending cancellation beside its own
    "state.live": "Live",
    "state.pending": "Live (PC)",
    "state.cancelled": "Cancelled",
    "state.marked": "{label} (PC)",
    # reasons
    "reasons.none": "No reason has been given",
    "reasons.none.hint": "Choose at least one reason, or write one",
    "reasons.comment": "The reason {labels} requires a comment",
    "reasons.given": "{labels}",
    "reasons.explained": "{labels}; {text}",
    "reasons.written": "{text}",
    "reasons.gone": "{labels} is not one of the reasons to choose",
    "reasons.not_required": "No reason has been given, and none is required",
    # ownership
    "ownership.none": "No owner has been chosen",
    "ownership.none.hint": "Choose an active user, or keep the owner",
    "ownership.kept": "The owner is kept",
    "ownership.planned": "{owner} will be the owner",
    "ownership.assigned": "{owner} is the owner",
    "ownership.performed": "{owner} was made the owner",
    "ownership.inactive": "{owner} is no longer an active user",
    "ownership.gone": "{owner} is not a user any more",
    # future expiry
    "expiry.future": "Next expiry on {on}",
    "expiry.planned": "An expiry on {on} will be created",
    "expiry.past": "An expiry must be after today, not on {on}",
    "expiry.none": "No expiry after today",
    "expiry.none_then": "No expiry after {on}",
    "expiry.none.hint": "Add an expiry with a future date, as a reminder",
    # assets
    "assets.ceased": "All assets are ceased",
    "assets.live.one": "{count} asset is still live",
    "assets.live.other": "{count} assets are still live",
    "assets.live.hint": "Enter a cease date and untick Live",
    "assets.scheduled.one": "{count} asset has a cease date in the future",
    "assets.scheduled.other": "{count} assets have a cease date in the future",
    "assets.scheduled.hint": "Wait for the cease date, or bring it forward",
    "assets.ticked.one": "{count} asset has ceased but is still ticked live",
    "assets.ticked.other": "{count} assets have ceased but are still ticked live",
    "assets.ticked_then.one": "{count} asset is ceased by then but is still ticked live",
    "assets.ticked_then.other": "{count} assets are ceased by then but are still ticked live",
    "assets.ticked.hint": "Untick Live",
    "assets.left.other": (
        "{count} assets are not ceased: {live} still live, {scheduled} with a cease date in the "
        "future, {ticked} ceased but still ticked live"
    ),
    "assets.left.hint": "Enter a cease date that has come, and untick Live",
    # all X closed
    "records.closed": "None open",
    "records.open.one": "{count} still open",
    "records.open.other": "{count} still open",
    "records.open.hint": "Close each of them in the CRM",
    # mood
    "mood.none": "No mood has been chosen",
    "mood.none.hint": "Choose one of the options",
    "mood.unlisted": "{mood} is not one of the options any more",
    "mood.chosen": "{labels}",
    # effects
    "effect.assign_owner": "Owner: {was} → {to}",
    "effect.create_expiry": "New expiry on {on}",
    "drift.adopted": "Status of before, as adopted: {was} → {to}",
    "drift.left": "Status left in the CRM: {status}",
    "begun.profile": "Profile: {profile}",
    "override.used": "{section} was overridden by {by}",
    # refusals: full sentences
    "command.refused": "{verb} was refused for {name} ({customer}): {why}.",
    "plan.none": "There is no plan for {name}: {why}.",
    "refused.not_allowed": "{actor} has no role that allows this",
    "refused.not_pending": "not pending: the customer is {status}; moves allowed now: {moves}",
    "refused.already_pending": (
        "the CRM shows {status} and pending, although no cancellation is open here; "
        "clear the mark in the CRM first"
    ),
    "refused.other_profile": (
        "the cancellation that is open was begun with the profile {profile}, not {asked}; open it "
        "without naming one, or remove it first"
    ),
    "refused.no_status": (
        "the CRM gives {customer} no status that could be marked as pending; give it one first"
    ),
    "refused.already_cancelled": "already cancelled by {by} at {at}; moves allowed now: {moves}",
    "refused.cancelled_elsewhere": "{status} already, by other means; moves allowed now: {moves}",
    "refused.stale_token": "something has changed since the plan was shown; look at the fresh plan",
    "refused.newer_answer": "{by} has entered something newer here; look at it first",
    "refused.confirmation_missing": "the token of the plan is needed; take it from the fresh plan",
    "refused.operation_reused": "the operation id {op} was used before, with other arguments",
    "refused.drift": (
        "somebody else has changed the status to {status}; it is not overwritten; set it back to "
        "{was} (pending) in the CRM; moves allowed now: {moves}"
    ),
    "refused.customer_gone": (
        "{customer} is not here any more: deleted, merged or moved; end the cancellation"
    ),
    "refused.no_drift": "the status is {status}, as it should be; moves allowed now: {moves}",
    "refused.not_cancelled": "not cancelled: the customer is {status}; moves allowed now: {moves}",
    "refused.too_early": "the effective date {on} is before the customer's first day, {since}",
    "refused.nothing_to_override": "it is not red, or does not block, or cannot be judged",
    "refused.not_wanted": "no new {kind}: the customer is {status}",
    "refused.effect_changed": "somebody else has changed it since; it cannot be put back",
    "refused.owner_left": "{owner} is no longer an active user; do it without putting back",
    "refused.nothing_planned": "nothing is planned, or it has been performed",
    # the banner, the drift notice, the plan
    "banner.pending": "Cancellation pending since {on}, begun by {by}",
    "banner.scheduled": ("Cancellation scheduled for {day}; pending since {on}, begun by {by}"),
    "banner.blocked": (
        "Cancellation scheduled for {day} was blocked, and is tried again on {due}; pending since "
        "{on}, begun by {by}"
    ),
    "banner.customer_gone": "{customer} is not here any more: deleted, merged or moved",
    "banner.drift": "The status was changed to {status} by somebody else",
    "plan.status": "Status: {was} → {to}",
    # verbs, for history and sentences
    "verb.begin": "Begin Cancellation",
    "verb.enter": "Enter",
    "verb.perform_now": "Perform Now",
    "verb.override": "Override",
    "verb.schedule": "Schedule",
    "verb.process": "Process",
    "verb.remove": "Remove Cancellation",
    "verb.adopt": "Adopt",
    "verb.end": "End Cancellation",
    "verb.reinstate": "Reinstate",
    "verb.none": "none",
    # what people are told
    "event.begun": "The cancellation of {name} was begun by {by}",
    "event.removed": "The cancellation of {name} was removed by {by}",
    "event.ended": "The cancellation of {name} was ended by {by}; the CRM was left as it is",
    "event.scheduled": "The cancellation of {name} was scheduled for {on} by {by}",
    "event.blocked": "The cancellation of {name}, scheduled for {on}, is blocked",
    "event.processed": "{name} was cancelled by {by}, effective {on}",
    "event.reinstated": "{name} was reinstated by {by}",
    # the timeline
    "timeline.behalf": "{who} for {behalf}",
    "timeline.effective": "effective {on}",
    "timeline.reason": "reason: {reason}",
    "timeline.taken_back": "taken back",
    "timeline.refused": "refused: {why}",
    # the queue: how far a cancellation has come, and the headings of its export
    "stage.to_do": "To do: {sections}",
    "stage.early": "The customer's first day, {since}, is still to come",
    "stage.unknown": "Could not be checked: {sections}",
    "stage.ready": "Ready to process",
    "stage.scheduled": "Scheduled for {on}",
    "stage.blocked": "Was blocked on {on}; is tried again on {due}",
    "stage.damaged": "What is stored of the cancellation cannot be read",
    "stage_word.damaged": "Damaged",
    "stage_word.gone": "Customer gone",
    "stage_word.drift": "Changed by others",
    "stage_word.blocked": "Blocked on its day",
    "stage_word.scheduled": "Scheduled",
    "stage_word.to_do": "To do",
    "stage_word.unknown": "Not checked",
    "stage_word.ready": "Ready",
    "queue.customer": "Customer",
    "queue.name": "Name",
    "queue.status": "Status",
    "queue.owners": "Owners",
    "queue.profile": "Profile",
    "queue.stage": "Stage",
    "queue.says": "Where it stands",
    "queue.blocked_by": "Blocked by",
    "queue.reasons": "Reasons",
    "queue.begun_on": "Begun on",
    "queue.begun_by": "Begun by",
    "queue.age": "Days open",
    "queue.touched_on": "Last touched on",
    "queue.touched_by": "Last touched by",
    "queue.on": "Effective date",
    "queue.due": "Tried on",
    "queue.overdue": "Overdue",
    "queue.stuck": "Stuck",
    "queue.yes": "yes",
    "queue.no": "no",
    # the guard
    "guard.refused": "Refused: {why}.",
    "guard.pending": "{name} is about to be cancelled ({status}): are new {kind} still wanted?",
}

ENGLISH = Catalogue(TEXTS)
"""The default translator."""

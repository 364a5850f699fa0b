"""Conversion of a lead, as a person does it in an org: an account and a contact come of it, activities go with them."""

from bridge.sandbox.salesforce.values import moment_text
from bridge.sandbox.salesforce.world import World

_TAKEN = ("FirstName", "LastName", "Salutation", "Name", "Title", "Phone", "MobilePhone", "Fax", "Email", "LeadSource",
          "Description")  # fmt: skip


def converted(world: World, lead_id: str) -> dict[str, str]:
    """The ids of lead, contact and account. ValueError if there is no such lead, or it is converted."""
    found = world.find(lead_id)
    if found is None or found[0].name != "Lead" or found[1]["IsDeleted"]:
        raise ValueError(f"there is no lead {lead_id!r:.40}")
    _, lead = found
    if lead["IsConverted"]:
        raise ValueError(f"the lead {lead['Id']} is converted already")
    contact_kind, account_kind = world.schema["contact"], world.schema["account"]
    account, contact = world.next_id(account_kind), world.next_id(contact_kind)
    now = moment_text(world.now)
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    stamps |= {"CreatedById": world.user_id, "LastModifiedById": world.user_id, "OwnerId": world.user_id}
    empty = {field.name: field.default for field in account_kind.fields.values()}
    world.records.put("Account", account, {**empty, **stamps, "Id": account, "Name": lead["Company"]})
    empty = {field.name: field.default for field in contact_kind.fields.values()}
    taken = {name: lead.get(name) for name in _TAKEN}
    world.records.put("Contact", contact, {**empty, **taken, **stamps, "Id": contact, "AccountId": account})
    state = {"IsConverted": True, "Status": "Closed - Converted", "ConvertedDate": now[:10], "LastModifiedDate": now}
    ends = {"ConvertedContactId": contact, "ConvertedAccountId": account}
    world.records.put("Lead", lead["Id"], {**lead, **state, **ends, "SystemModstamp": now})
    for kind in ("Event", "Task"):
        for activity in world.records.having(kind, "WhoId", lead["Id"]):
            world.records.put(kind, activity["Id"], {**activity, "WhoId": contact, "AccountId": account})
    return {"lead": lead["Id"], "contact": contact, "account": account}

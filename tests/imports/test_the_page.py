"""The page, typed into a spreadsheet by hand, builds the register from nothing by the pages."""

# Each row is typed as it stands on the page.
# ruff: noqa: E501

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from registers.imports.fixture import read_register
from registers.models import Organisation, Party, Protocol
from tests.admin.typing_in import boxes
from tests.conftest import FIXTURES
from tests.imports.uploading import apply, counted, leads_to, shown, typed, uploaded

ECONOMY, HEALTH = "Growing Essex Economy (3)", "Health and Wellbeing (9)"
LEARNING, SAFER = "Learning and Education (9)", "Safer Community (4)"
MID_ESSEX = "Mid Essex Hospital Services NHS Trust"
COUNCIL, SOUTHEND = "Essex County Council", "Southend on Sea Borough Council"
PENALTY = (
    "The sharing is necessary to enable the Attendance Compliance Team and Aquinas Provisions to"
    " securely share information to issue Penalty Notices in relation to non-school attendance on"
    " behalf of Essex schools. This information will only be shared with Aquinas, where express"
    " consent has been obtained from the schools commissioning their services."
)
EPUT = "Essex Partnership University NHS Foundation Trust"
PIECES = (
    "Early Years",
    "Primary",
    "Secondary and Post 16 Education and Learning Providers in Essex",
)
LEARNING_PROVIDERS = ", ".join(PIECES)
HARLOW = "Princess Alexandra Hospital (Harlow)"

# fmt: off
ROWS = [
    (ECONOMY, "0012 - SELEP (ECC) DSA with the ESFA V2.0", "The primary purpose of the Data Cube management information reports is to inform the continued development and implementation of the LEP Local Growth and Strategic Economic Plans and support the process of addressing priority skills issues.", COUNCIL, "Medway Council\nSouthend on Sea Borough Council\nKent County Council\nThurrock Council", "Mar-2024"),
    (ECONOMY, "0017 - BEST Growth Hub", "This ISP is to facilitate the delivery and management of business support services to SMEs in the Essex, Southend and Thurrock area provided by South East Local Enterprise Partnership under the auspices of the BEST Growth Hub, supported by the Delivery Partners.", SOUTHEND, "Tendring District Council", "May-2019"),
    (ECONOMY, "0018 - BEST_BES_K&M Growth Hub", "To facilitate the delivery and management of business support services to SMEs in the East Sussex, Essex, Kent, Medway, Southend and Thurrock area provided by South East Local Enterprise Partnership (SELEP) under the auspices of the BEST, BES and K&M Growth Hubs; supported by delivery partners Let’s do Business (BES) and Kent Invicta Chamber of Commerce (K&M)", SOUTHEND, "Kent County Council\nMedway Council\nEast Sussex County Council\nEssex County Council", "Nov-2019"),
    (HEALTH, "0032 - Syrian Vulnerable Persons Resettlement Scheme Data Sharing Protocol", "The Authority will share personal data described at Section 7 of this Annex B to inform the recipient of the specific needs of the beneficiaries, and aid the ongoing resettlement planning.", "Home Office", "", "Jan-2018"),
    (HEALTH, "0036 - 3rd Party Access ISP", "This supports 3rd party access to the Essex County Council (ECC) Mosaic social care system to facilitate partnership working and delivery of commissioned services to ensure that any access to the system is lawful, necessary and appropriate.", COUNCIL, "Action for Children (Multi-Systemic Therapies), Anglia Ruskin University (Student Social Workers), Barnardos (FGM), Brunel University, Capita Resourcing Limited (HIP & Temp workers), Dept. for Works & Pensions (Family Solutions), ECL (Essex Cares Ltd, Essex Partnership University Foundation Trust (EPUT), Essex Police, Frontline (Temp Workers), London Metropolitan University, Mid Essex Hospital Service NHS Trust, Middlesex University, National Probation Service, PA Consulting Services Limited (ASC Digital Program), Payerise (Temp Workers), Phoenix Futures (Full Circle), Pulse (Temp Workers), Open University, Remedy (HIP), Suffolk University, Thurrock Council, University of East Anglia, University of East London, University of Essex, University of Hertfordshire.", "Aug-2019"),
    (HEALTH, "0037- Integrated Pre-Birth to 19 Health, Wellbeing and Family Support Services", "Supporting children, young people and their families from conception through birth, the early years and growing up will give all children the best opportunity to succeed. We want children and young people to thrive, be healthy, to have fun at school and while learning and make a positive contribution to throughout their lives.", COUNCIL, "Virgin Care, Barnardos, Basildon and Thurrock University Hospitals NHS Foundation Trust, CHUFT, MEHT, Princess Alexandra Hospital NHS Trust, Southend University Hospital NHS Foundation Trust, Provide", "Mar-2018"),
    (HEALTH, "0042 - Access to the Child Health Information System for Safeguarding purposes", "ECC Children & Families have statutory duties under the Children Act 1989 to safeguard and promote the welfare of children.", COUNCIL, "Provide, NHS England - Eastern Region", "Jun-2022"),
    (HEALTH, "0043 - Inside Out Programme – Commissioning Coaching for Children in Care", "To improve outcomes for children in care who are at risk of escalating to secure accommodation/ high cost residential packages by providing co-ordinated intensive support for the young person and their family. The aim is to facilitate return home or a step down in care wherever appropriate.", COUNCIL, "The Children Society (TCS) - East, Tavistock Institute of Human Relations", "Aug-2021"),
    (HEALTH, "0044 - Oral Health Survey of 5 year old Children 2018/19", "Community Dental Services as part of PH England has been commissioned to undertake oral health survey to understand dental decay in the selected population. The data providing evidence on which to base preventative care programmes and interventions. Sharing data from central database of school children thus removing the need for individual schools to provide.", COUNCIL, "Community Dental Services Community Interest Company (CDS CIC)", "May-2020"),
    (HEALTH, "0045 - West Essex Integrated Care Partnership Overarching DSA", "To ensure that new models of care can be implemented in line with the needs of the west Essex population. This overarching ISP has been drawn up to show the safeguards that are in place to allow sharing to happen safely and to document the sharing that is taking place as part of this work.", "West Essex CCG", "Princess Alexandra Hospital (Harlow)\nEssex Partnership University Foundation Trust (EPUT)\nStellar Healthcare\nUttlesford Health\nEssex County Council", "Sep-2019"),
    (HEALTH, "0046 - Access to the Child Health Information System for Schools", "To ensure children in Essex continue to receive the health services that they are entitled to and are not placed at risk by allowing the correct health professionals to be engaged in their health care e.g. National Child Measurement Programme and other screening services as directed by the DoH; to ensure school immunisation programmes are arranged and immunisation programmes are followed., etc. Agreement will ensure that:- Children with no school allocated to them are updated on the CHIS System (TPP SystmOne); Children’s records, moving into or out of the area are transferred/requested and accounted for in a timely manner; That all children living or attending school within area have an electronic Child Health Record.", "Provide", "Essex Partnership University NHS Foundation Trust (EPUT)\nAll Essex Schools", "Apr-2022"),
    (HEALTH, "0072 - Newton Europe ISP", "ECC have contracted Newton Europe to understand a whole system diagnostic of the Intermediate Care Pathway. This project includes CCG’s, Acute Hospital Trusts, Providers (including ECL), the ambulance service and the community sector.", COUNCIL, "Newton Europe, ACE, PROVIDE, Mid and South Essex University Hospitals, EPUT", "Jul-2020"),
    (LEARNING, "0053 - Attendance Solutions", PENALTY, COUNCIL, "Attendance Solutions", "Jun-2022"),
    (LEARNING, "0054 - School Penalty Notice for Non Attendance", PENALTY, COUNCIL, "Aquinas", "Jun-2022"),
    (LEARNING, "0055 - Client Caseload Information System (CCIS) Information Sharing Framework", "To effectively share information relating to young people with learning difficulties and disabilities", COUNCIL, "Thurrock Unitary Authority, Southend Borough Council, Kent County Council, Medway, Royal Borough of Kingston, 15billion, East Sussex", "Aug-2019"),
    (LEARNING, "0056 - Local Authority Data Sharing Agreement Twice Yearly Reports", "In order for Local Authorities to fulfil their duty, to encourage, enable or assist effective participation, the records must reflect the full learner picture", "Department of Education", COUNCIL, "Dec-2019"),
    (LEARNING, "0057 - Information Sharing Agreement with Education and Learning Services", "This Information Sharing Protocol sets out the overarching Information Sharing Principles between Essex County Council's and Essex Education learning providers in sharing data between the organisations.", COUNCIL, "Early Years, Primary, Secondary and Post 16 Education and Learning Providers in Essex", "Dec-2019"),
    (LEARNING, "0058 - Hertfordshire School Admissions", "Hertfordshire County Council (HCC) requires data for a transfer to secondary school mail out. They require the information of current year 5 students who live in Hertfordshire but who attend a school in Essex. Once received, the data will be used to distribute information about Hertfordshire secondary schools open events (copy of the leaflet to be sent out attached for information).", COUNCIL, "Hertfordshire County Council", "Aug-2020"),
    (LEARNING, "0059 - Exchange of 16-19 Funded Provision Information", "The data and information shared from Department of Education will enable ECC to plan and conduct further analysis of the funded educational provision for 16-19 year olds in their area.", "Department of Education", COUNCIL, "Oct-2019"),
    (LEARNING, "0071 - Data Sharing Agreement between DfE and ECC", "The LA requires the data as a data controller. It processes the data for purposes described in its relevant privacy notice. The data share is necessary to enable the LA to fulfil its statutory duties related to participation of individuals in England in education, training and employment.", COUNCIL, "Department for Education", "Apr-2020"),
    (LEARNING, "0073 - School Penalty Notices – EWASS", PENALTY, COUNCIL, "EWASS", "Jun-2022"),
    (SAFER, "0061 - FGM", "To improve outcomes for children, young people and their families by ensuring they get the services they require.  To protect children and young people from suffering harm from abuse or neglect and to prevent them from offending", COUNCIL, "Barnardos", "Jun-2022"),
    (SAFER, "0067 - Troubled Families Programme", "The Expanded Troubled Families Programme aims to turn around the lives of families with multiple problems including crime, poor school attendance, anti-social behaviour, unemployment and domestic violence and abuse.  Data sharing for the purpose of the evaluation of the Programme will significantly improve the evidence base, and improve understanding of whether this type of programme is effective in intervening with families", "DCLG", COUNCIL, "Dec-2022"),
    (SAFER, "0069 - Essex Domestic Abuse Partnership's - VAWG Evaluation", "The Essex Domestic Abuse Partnership has engaged ARU to evaluate the Violence against Women and Girls (VAWG) programme to inform decision making and planning in relation to future program continuity and improvements. VAWG partners supply personal data for which they are Data Controllers to allow ARU to contact prospective participants to undertake interviews. Analysis of interview responses provides the partners with part of the evaluation of their current services.", "Anglia Ruskin University", COUNCIL, "Feb-2020"),
    (SAFER, "0062 - Overarching Safeguarding ISP", "Living a life that is free from harm and abuse is a fundamental right of every person. All the signatories to this agreement are at the forefront of preventing harm or abuse and taking action where necessary. Abuse is a violation of an individual’s human and civil rights by any other person or persons.", COUNCIL, "Please contact WEISF for a list of signatures", "Jun-2022"),
]
# fmt: on


def called(name: str, kept_as: str = "") -> dict[str, str]:
    """A new organisation whose official name is another than is written."""
    return {"way": "new", "new": name, "kept_as": kept_as}


def another(name: str, kept_as: str = "") -> dict[str, str]:
    """An organisation that is chosen for before: it stands in the file more often."""
    return {"way": "other", "other": name, "kept_as": kept_as}


# What the administrator chooses. Every other name is a new organisation as it is written.
CHOICES: dict[str, dict[str, str]] = {
    **{theme: {"way": "new", "new": theme[:-4]} for theme in (ECONOMY, HEALTH, LEARNING, SAFER)},
    **{piece: {"way": "longer", "longer": LEARNING_PROVIDERS} for piece in PIECES},
    LEARNING_PROVIDERS: called(LEARNING_PROVIDERS) | {"group": "on"},
    "All Essex Schools": called("All Essex Schools") | {"group": "on"},
    "Please contact WEISF for a list of signatures": {"way": "note"},
    "Dept. for Works & Pensions": called("Department for Work and Pensions", "misspelling"),
    "ECL (Essex Cares Ltd": called("Essex Cares Ltd", "misspelling"),
    f"{EPUT} (EPUT)": called(EPUT),
    "Essex Partnership University Foundation Trust (EPUT)": called(EPUT),
    "EPUT": another(EPUT, "acronym"),
    "The Children Society (TCS) - East": called("The Children Society - East"),
    "Community Dental Services Community Interest Company (CDS CIC)": called(
        "Community Dental Services Community Interest Company"
    ),
    "Mid Essex Hospital Service NHS Trust": called(MID_ESSEX, "misspelling"),
    "MEHT": another(MID_ESSEX, "acronym"),
    "Princess Alexandra Hospital": {"way": "longer", "longer": HARLOW},
    HARLOW: another("Princess Alexandra Hospital NHS Trust", "alias"),
    "Thurrock Unitary Authority": another("Thurrock Council", "alias"),
    SOUTHEND: called("Southend-on-Sea City Council", "former"),
    "Southend Borough Council": another("Southend-on-Sea City Council", "alias"),
    "Barnardos": called("Barnardo's", "misspelling"),
    "CHUFT": called("Colchester Hospital University NHS Foundation Trust", "acronym"),
    "DCLG": called("Ministry of Housing, Communities and Local Government", "former"),
    "Medway": another("Medway Council", "alias"),
    "East Sussex": another("East Sussex County Council", "alias"),
    "Department of Education": called("Department for Education", "misspelling"),
}


def test_the_page_typed_by_hand_builds_the_register(officers_door, empty_register):
    address = uploaded(officers_door, typed(*ROWS), "typed from the page.csv", "before")
    assert counted(officers_door, address)["waiting"] == 25
    rounds = 0
    while "names are not known" in shown(officers_door, address):
        choose(officers_door, address)
        rounds += 1
        assert rounds < 10
    assert counted(officers_door, address).keys() == {"new", "names"}
    assert "25 of 25 rows would change the register: 25 new." in shown(officers_door, address)
    leads_to(apply(officers_door, address))
    assert register() == as_published()
    assert kept_names() >= {
        ("EPUT", "acronym", EPUT),
        ("Department of Education", "misspelling", "Department for Education"),
        ("Medway", "alias", "Medway Council"),
    }
    again = uploaded(officers_door, typed(*ROWS))
    assert "Nothing changes: every row says what the register says." in shown(officers_door, again)


def choose(door: Client, address: str) -> None:
    """Choose for each name on the first page of those that are not known."""
    page = door.get(f"{address}names/")
    held = boxes(door, f"{address}names/")
    for form in page.context["forms"]:
        written = form.name.written
        chosen = CHOICES.get(written, {"way": "new", "new": written})
        assert held[f"{form.prefix}-way"] == "", "Nothing is chosen beforehand."
        held |= {f"{form.prefix}-{box}": value for box, value in chosen.items()}
    leads_to(door.post(f"{address}names/", held))


def register() -> dict[str, Any]:
    """Return what the register says: each protocol, and each part in it."""
    return {
        "groups": set(Organisation.objects.filter(kind="group").values_list("name", flat=True)),
        "organisations": set(
            Organisation.objects.filter(parties__isnull=False).values_list("name", flat=True)
        ),
        "protocols": {
            each.pk: (
                each.title,
                each.version,
                each.theme.name,
                flat(each.purpose),
                each.review_date.isoformat()[:7],
                each.parties_note,
            )
            for each in Protocol.objects.select_related("theme")
        },
        "parties": [
            (each.protocol_id, each.role, each.organisation.name, each.name_as_published, each.note)
            for each in Party.objects.order_by("protocol", "role", "position").select_related(
                "organisation"
            )
        ],
    }


def as_published() -> dict[str, Any]:
    """Return the same of the register that was read from the page with care."""
    fixture = read_register(FIXTURES / "register.json")
    protocols = sorted(fixture["protocols"], key=lambda each: each["reference"])
    return {
        "groups": {
            each["name"] for each in fixture["organisations"] if each.get("kind") == "group"
        },
        "organisations": {part["organisation"] for each in protocols for part in each["parties"]},
        "protocols": {
            each["reference"]: (
                each["title"],
                each.get("version", ""),
                each["theme"],
                flat(each["purpose"]),
                each["review_date"],
                each.get("parties_note", ""),
            )
            for each in protocols
        },
        "parties": [
            (
                each["reference"],
                part["role"],
                part["organisation"],
                part["name_as_published"],
                part.get("note", ""),
            )
            for each in protocols
            for part in sorted(each["parties"], key=lambda part: part["role"])
        ],
    }


def flat(text: str) -> str:
    """Return a text with one space between words: the page has two here and there."""
    return re.sub(r"\s+", " ", text)


def kept_names() -> set[tuple[str, str, str]]:
    return set(Organisation.objects.values_list("names__text", "names__kind", "name"))

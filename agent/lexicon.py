"""The words retrieval needs to know: medicine names, lay words, words that carry no topic.

Written from general knowledge.  A medicine's brand and generic name are one word here, so that a question
asked with either finds the same passage; a medicine that no passage names is still known to be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GENERICS: Final[Mapping[str, tuple[str, ...]]] = {
    # one generic name -> the brand names and short names it is also called by
    "acetaminophen": ("tylenol", "paracetamol", "apap"),
    "ibuprofen": ("advil", "motrin", "nurofen"),
    "naproxen": ("aleve", "naprosyn"),
    "aspirin": ("bayer", "ecotrin", "bufferin"),
    "celecoxib": ("celebrex",),
    "diclofenac": ("voltaren",),
    "meloxicam": ("mobic",),
    "oxycodone": ("oxycontin", "percocet", "roxicodone", "endocet"),
    "hydrocodone": ("vicodin", "norco", "lortab"),
    "tramadol": ("ultram",),
    "morphine": (),
    "codeine": (),
    "hydromorphone": ("dilaudid",),
    "fentanyl": ("duragesic",),
    "gabapentin": ("neurontin",),
    "pregabalin": ("lyrica",),
    "amoxicillin": ("augmentin", "amoxil"),
    "penicillin": (),
    "azithromycin": ("zithromax", "zpack"),
    "cephalexin": ("keflex",),
    "ciprofloxacin": ("cipro",),
    "levofloxacin": ("levaquin",),
    "doxycycline": ("vibramycin",),
    "clindamycin": ("cleocin",),
    "metronidazole": ("flagyl",),
    "nitrofurantoin": ("macrobid",),
    "bactrim": ("sulfamethoxazole", "septra", "trimethoprim"),
    "lisinopril": ("zestril", "prinivil"),
    "losartan": ("cozaar",),
    "valsartan": ("diovan", "entresto", "sacubitril"),
    "amlodipine": ("norvasc",),
    "diltiazem": ("cardizem",),
    "metoprolol": ("lopressor", "toprol"),
    "atenolol": ("tenormin",),
    "carvedilol": ("coreg",),
    "propranolol": ("inderal",),
    "hydralazine": (),
    "clonidine": (),
    "nitroglycerin": ("nitro", "nitrostat"),
    "isosorbide": ("imdur",),
    "amiodarone": ("pacerone",),
    "digoxin": ("lanoxin",),
    "warfarin": ("coumadin", "jantoven"),
    "apixaban": ("eliquis",),
    "rivaroxaban": ("xarelto",),
    "dabigatran": ("pradaxa",),
    "enoxaparin": ("lovenox",),
    "heparin": (),
    "clopidogrel": ("plavix",),
    "ticagrelor": ("brilinta",),
    "prasugrel": ("effient",),
    "atorvastatin": ("lipitor",),
    "rosuvastatin": ("crestor",),
    "simvastatin": ("zocor",),
    "pravastatin": ("pravachol",),
    "furosemide": ("lasix",),
    "torsemide": ("demadex",),
    "bumetanide": ("bumex",),
    "hydrochlorothiazide": ("hctz",),
    "spironolactone": ("aldactone",),
    "prednisone": ("deltasone",),
    "prednisolone": ("medrol", "methylprednisolone"),
    "dexamethasone": ("decadron",),
    "albuterol": ("ventolin", "proair", "salbutamol"),
    "fluticasone": ("flovent", "advair", "flonase"),
    "budesonide": ("symbicort", "pulmicort"),
    "tiotropium": ("spiriva",),
    "montelukast": ("singulair",),
    "insulin": ("lantus", "humalog", "novolog", "levemir", "basaglar", "tresiba", "glargine", "lispro"),
    "metformin": ("glucophage",),
    "glipizide": ("glucotrol",),
    "empagliflozin": ("jardiance",),
    "dapagliflozin": ("farxiga",),
    "semaglutide": ("ozempic", "wegovy", "rybelsus"),
    "omeprazole": ("prilosec",),
    "pantoprazole": ("protonix",),
    "esomeprazole": ("nexium",),
    "famotidine": ("pepcid",),
    "tums": ("maalox", "mylanta", "rolaids", "gaviscon"),
    "ondansetron": ("zofran",),
    "promethazine": ("phenergan",),
    "loperamide": ("imodium",),
    "docusate": ("colace",),
    "senna": ("senokot",),
    "miralax": ("polyethylene",),
    "bisacodyl": ("dulcolax",),
    "diphenhydramine": ("benadryl",),
    "loratadine": ("claritin",),
    "cetirizine": ("zyrtec",),
    "pseudoephedrine": ("sudafed",),
    "dextromethorphan": ("robitussin", "delsym", "mucinex", "nyquil", "dayquil"),
    "melatonin": (),
    "zolpidem": ("ambien",),
    "lorazepam": ("ativan",),
    "alprazolam": ("xanax",),
    "diazepam": ("valium",),
    "clonazepam": ("klonopin",),
    "cyclobenzaprine": ("flexeril",),
    "sertraline": ("zoloft",),
    "escitalopram": ("lexapro",),
    "citalopram": ("celexa",),
    "fluoxetine": ("prozac",),
    "bupropion": ("wellbutrin",),
    "duloxetine": ("cymbalta",),
    "venlafaxine": ("effexor",),
    "trazodone": (),
    "quetiapine": ("seroquel",),
    "lithium": (),
    "levothyroxine": ("synthroid",),
    "allopurinol": ("zyloprim",),
    "colchicine": (),
    "methotrexate": (),
    "tamsulosin": ("flomax",),
    "oxybutynin": ("ditropan",),
    "phenazopyridine": ("azo", "pyridium"),
    "sildenafil": ("viagra",),
    "tadalafil": ("cialis",),
    "levetiracetam": ("keppra",),
    "phenytoin": ("dilantin",),
    "lamotrigine": ("lamictal",),
    "alendronate": ("fosamax",),
    "ranitidine": ("zantac",),
    "acyclovir": ("valacyclovir", "valtrex", "zovirax"),
    "fluconazole": ("diflucan",),
    "nystatin": (),
    "latanoprost": ("xalatan",),
    "timolol": (),
}

MEDICINES: Final[Mapping[str, str]] = {
    name: generic for generic, brands in GENERICS.items() for name in (generic, *brands)
}
"""Every name -> the generic one."""
MEDICINE_NAMES: Final = frozenset(GENERICS) | frozenset(brand for brands in GENERICS.values() for brand in brands)

CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    # the word a caller uses for a kind of medicine -> the medicines of that kind
    "bloodthinner": (
        "warfarin",
        "apixaban",
        "rivaroxaban",
        "dabigatran",
        "enoxaparin",
        "heparin",
        "clopidogrel",
        "ticagrelor",
        "prasugrel",
    ),
    "opioid": ("oxycodone", "hydrocodone", "tramadol", "morphine", "codeine", "hydromorphone", "fentanyl"),
    "nsaid": ("ibuprofen", "naproxen", "celecoxib", "diclofenac", "meloxicam"),
    "antibiotic": (
        "amoxicillin",
        "penicillin",
        "azithromycin",
        "cephalexin",
        "ciprofloxacin",
        "levofloxacin",
        "doxycycline",
        "clindamycin",
        "metronidazole",
        "nitrofurantoin",
        "bactrim",
    ),
    "bppill": (
        "lisinopril",
        "losartan",
        "valsartan",
        "amlodipine",
        "diltiazem",
        "metoprolol",
        "atenolol",
        "carvedilol",
        "propranolol",
        "hydralazine",
        "clonidine",
    ),
    "statin": ("atorvastatin", "rosuvastatin", "simvastatin", "pravastatin"),
    "diuretic": ("furosemide", "torsemide", "bumetanide", "hydrochlorothiazide", "spironolactone"),
    "steroid": ("prednisone", "prednisolone", "dexamethasone"),
    "inhaler": ("albuterol", "fluticasone", "budesonide", "tiotropium"),
    "antacid": ("omeprazole", "pantoprazole", "esomeprazole", "famotidine", "tums", "ranitidine"),
    "laxative": ("docusate", "senna", "miralax", "bisacodyl"),
    "insulin": (),
}

PHRASES: Final[Mapping[str, str]] = {
    # several words -> the one word they stand for; applied before anything else, longest first
    "blood thinners": "bloodthinner",
    "blood thinner": "bloodthinner",
    "blood thinning": "bloodthinner",
    "water pills": "diuretic",
    "water pill": "diuretic",
    "water tablets": "diuretic",
    "water tablet": "diuretic",
    "fluid pills": "diuretic",
    "fluid pill": "diuretic",
    "blood pressure": "bloodpressure",
    "blood sugar": "bloodsugar",
    "blood sugars": "bloodsugar",
    "sugar level": "bloodsugar",
    "sugar levels": "bloodsugar",
    "low sugar": "low bloodsugar",
    "sugar is low": "low bloodsugar",
    "sugar goes low": "low bloodsugar",
    "sugar drops": "low bloodsugar",
    "sugar gets low": "low bloodsugar",
    "high sugar": "high bloodsugar",
    "blood clots": "bloodclot",
    "blood clot": "bloodclot",
    "blood thin": "bloodthinner",
    "over the counter": "otc",
    "pain killers": "painpill",
    "pain killer": "painpill",
    "painkillers": "painpill",
    "painkiller": "painpill",
    "pain pills": "painpill",
    "pain pill": "painpill",
    "pain tablets": "painpill",
    "pain tablet": "painpill",
    "pain medicine": "painpill",
    "pain medicines": "painpill",
    "pain medication": "painpill",
    "pain medications": "painpill",
    "pain meds": "painpill",
    "pain med": "painpill",
    "pain relievers": "painpill",
    "pain reliever": "painpill",
    "pressure pills": "bppill",
    "pressure pill": "bppill",
    "pressure medicine": "bppill",
    "pressure medication": "bppill",
    "pressure meds": "bppill",
    "blood pressure pills": "bppill",
    "blood pressure pill": "bppill",
    "blood pressure tablets": "bppill",
    "blood pressure tablet": "bppill",
    "blood pressure medicine": "bppill",
    "blood pressure medicines": "bppill",
    "blood pressure medication": "bppill",
    "blood pressure medications": "bppill",
    "blood pressure meds": "bppill",
    "cholesterol pill": "statin",
    "cholesterol pills": "statin",
    "cholesterol medicine": "statin",
    "cholesterol medication": "statin",
    "cholesterol meds": "statin",
    "stool softeners": "laxative",
    "stool softener": "laxative",
    "bowel movements": "poop",
    "bowel movement": "poop",
    "number two": "poop",
    "number one": "urine",
    "go to the bathroom": "toilet",
    "going to the bathroom": "toilet",
    "use the bathroom": "toilet",
    "passing water": "urine",
    "pass water": "urine",
    "pass gas": "gas",
    "passing gas": "gas",
    "throw up": "vomit",
    "throwing up": "vomit",
    "threw up": "vomit",
    "thrown up": "vomit",
    "sick to my stomach": "nausea",
    "sick to your stomach": "nausea",
    "upset stomach": "nausea",
    "feel sick": "nausea",
    "feeling sick": "nausea",
    "butterfly strips": "steristrip",
    "steri strips": "steristrip",
    "steri strip": "steristrip",
    "heart failure": "heartfailure",
    "compression stockings": "hosiery",
    "compression socks": "hosiery",
    "ted hose": "hosiery",
    "support stockings": "hosiery",
    "tight socks": "hosiery",
    "tight stockings": "hosiery",
    "follow up": "followup",
    "check up": "followup",
    "breathing tool": "spirometer",
    "plastic breathing thing": "spirometer",
    "incentive spirometer": "spirometer",
    "left overs": "leftover",
    "left over": "leftover",
    "side effects": "sideeffect",
    "side effect": "sideeffect",
    "vitamin k": "vitamink",
    "eye drops": "eyedrop",
    "eye drop": "eyedrop",
    "ear drops": "eardrop",
    "go back to work": "returnwork",
    "going back to work": "returnwork",
    "return to work": "returnwork",
    "back to work": "returnwork",
    "have sex": "sex",
    "be intimate": "sex",
    "make love": "sex",
    "making love": "sex",
    "hot tub": "bathtub",
    "hot tubs": "bathtub",
    "bath tub": "bathtub",
    "flu shot": "vaccine",
    "flu jab": "vaccine",
    "flu shots": "vaccine",
    "covid shot": "vaccine",
    "get rid of": "disposal",
    "getting rid of": "disposal",
    "throw away": "disposal",
    "throw out": "disposal",
    "throwing away": "disposal",
    "air plane": "fly",
    "get on a plane": "fly",
    "on a plane": "fly",
    "staples": "staples",
    "side affects": "sideeffect",
    "side affect": "sideeffect",
    "the runs": "diarrhea",
    "a temperature": "fever",
    "my temperature": "fever",
    "temperature of": "fever",
    "work out": "exercise",
    "working out": "exercise",
    "pick up my prescription": "refill",
    "pick up my medicine": "refill",
    "pick up my medicines": "refill",
    "pick up my medication": "refill",
    "pick up": "lift",
    "picking up": "lift",
    "test results": "testresult",
    "test result": "testresult",
    "lab results": "testresult",
    "biopsy results": "testresult",
    "scan results": "testresult",
    "drain bulb": "drain",
    "after hours": "phone",
    "out of hours": "phone",
    "down the toilet": "disposal",
    "down the loo": "disposal",
    "down the drain": "disposal",
    "help at home": "homehelp",
    "help around the house": "homehelp",
    "hand around the house": "homehelp",
    "helping hand": "homehelp",
    "help in the house": "homehelp",
    "soaking through": "drainage",
    "soaks through": "drainage",
    "turns my stomach": "nausea",
    "root canal": "dentist",
    "toss and turn": "sleep",
    "tossing and turning": "sleep",
    "pulled apart": "open",
    "pulling apart": "open",
    "coming apart": "open",
    "pointers": "use",
    "no feeling": "numb",
    "can't feel": "numb",
    "lost feeling": "numb",
    "on the loo": "toilet",
    "to the loo": "toilet",
    "under the knife": "surgery",
    "put under": "anesthesia",
    "blown up": "swell",
    "blew up": "swell",
    "throw these out": "disposal",
    "throw them out": "disposal",
    "lost my voice": "throat voice",
    "sitting up": "sit",
    "blood pressure cuff": "bloodpressure cuff",
    "the cuff": "bloodpressure cuff",
    "pills down": "medicine swallow",
    "tablets down": "medicine swallow",
    "color my hair": "hairdye",
    "colour my hair": "hairdye",
    "dye my hair": "hairdye",
    "do i ring": "phone",
    "can i ring": "phone",
    "a bit down": "mood",
    "so down": "mood",
    "really down": "mood",
    "very down": "mood",
    "quite down": "mood",
    "light headed": "dizzy",
    "head rush": "dizzy",
    "bunged up": "constipated",
    "backed up": "constipated",
    "blocked up": "constipated",
    "stopped up": "constipated",
    "black and blue": "bruise",
    "pins and needles": "numb tingle",
    "frozen peas": "ice",
    "ice pack": "ice",
    "cold pack": "ice",
    "heating pad": "heat",
    "heat pad": "heat",
    "hot water bottle": "heat",
    "trapped wind": "gas",
    "passing wind": "gas",
    "break wind": "gas",
    "worn out": "tired",
    "no energy": "tired",
    "run down": "tired",
    "washed out": "tired",
    "wiped out": "tired",
    "put on weight": "weight gain",
    "acid reflux": "heartburn",
    "car sick": "nausea",
    "keep down": "nausea",
    "run out": "refill",
    "running out": "refill",
    "ran out": "refill",
    "running low": "refill",
    "nearly out of": "refill",
    "almost out of": "refill",
    "low on": "refill",
    "bring up": "vomit",
    "brought up": "vomit",
    "feeling blue": "mood",
    "feeling low": "mood",
    "feel low": "mood",
    "feeling down": "mood",
    "feel down": "mood",
    "burst into tears": "mood",
    "bursting into tears": "mood",
    "in tears": "mood",
    "sick note": "returnwork note",
    "doctor's note": "returnwork note",
    "fit note": "returnwork note",
    "behind the wheel": "drive",
    "chemist's": "pharmacy",
    "drug store": "pharmacy",
    "taking off on holiday": "travel",
    "on holiday": "travel",
    "go abroad": "travel",
    "going abroad": "travel",
    "washing up": "chore",
    "house work": "chore",
    "clean the house": "chore",
    "nose bleed": "nosebleed",
    "stuffed up": "cold",
    "out of breath": "breathless",
    "short of breath": "breathless",
    "sticky tapes": "steristrip",
    "sticky strips": "steristrip",
    "paper strips": "steristrip",
    "paper tapes": "steristrip",
    "paper tape": "steristrip",
    "metal clips": "staples",
    "skin clips": "staples",
    "get to sleep": "sleep",
    "fall asleep": "sleep",
    "nod off": "sleep",
    "get off to sleep": "sleep",
    "blood draw": "ivsite",
    "the drip": "ivsite",
    "an iv": "ivsite",
    "the iv": "ivsite",
    "iv site": "ivsite",
    "come apart": "open",
    "came apart": "open",
    "came open": "open",
    "come open": "open",
    "split open": "open",
    "hot flashes": "sweat",
    "hot flushes": "sweat",
    "brain fog": "foggy",
    "face food": "appetite",
    "off my food": "appetite",
    "fancy food": "appetite",
    "car seat": "car",
}

ALIKE: Final[Mapping[str, str]] = {
    # one word -> the word it is filed under; lower case, before stemming
    "pee": "urine", "peeing": "urine", "urinate": "urine", "urinating": "urine", "wee": "urine", "urination": "urine",
    "piss": "urine", "weeing": "urine", "urinary": "urine",
    "poo": "poop", "pooping": "poop", "stool": "poop", "stools": "poop", "bowel": "poop", "bowels": "poop",
    "feces": "poop", "pooped": "poop", "poops": "poop",
    "constipation": "constipated", "constipating": "constipated", "constipate": "constipated",
    "diarrhoea": "diarrhea", "loose": "diarrhea", "watery": "diarrhea",
    "vomiting": "vomit", "vomited": "vomit", "puke": "vomit", "puking": "vomit", "nauseous": "nausea",
    "nauseated": "nausea", "queasy": "nausea", "nauseas": "nausea",
    "gassy": "gas", "bloated": "gas", "bloating": "gas", "fart": "gas", "farting": "gas", "wind": "gas",
    "sutures": "stitch", "suture": "stitch", "stitches": "stitch", "stitching": "stitch",
    "staple": "staples", "stapled": "staples",
    "incision": "wound", "incisions": "wound", "cut": "wound", "scar": "scar", "incisional": "wound",
    "dressing": "bandage", "dressings": "bandage", "gauze": "bandage", "bandaid": "bandage", "bandages": "bandage",
    "plaster": "cast", "tub": "bathtub", "bath": "bathtub", "baths": "bathtub", "soak": "bathtub", "soaking": "bathtub",
    "bathing": "bathtub", "swim": "swim", "swimming": "swim", "pool": "swim", "ocean": "swim", "jacuzzi": "bathtub",
    "showering": "shower", "showers": "shower", "washing": "wash", "showered": "shower",
    "itchy": "itch", "itching": "itch", "itches": "itch", "scratch": "itch", "scratching": "itch",
    "infected": "infection", "infections": "infection", "pus": "infection",
    "feverish": "fever", "temp": "temperature", "chills": "fever", "fevers": "fever",
    "medicines": "medicine", "medication": "medicine", "medications": "medicine", "meds": "medicine", "med": "medicine",
    "drug": "medicine", "drugs": "medicine", "prescription": "medicine", "prescriptions": "medicine",
    "pill": "medicine", "pills": "medicine", "tablet": "medicine", "tablets": "medicine", "capsule": "medicine",
    "capsules": "medicine", "prescribed": "medicine",
    "opioids": "opioid", "opiate": "opioid", "opiates": "opioid", "narcotic": "opioid", "narcotics": "opioid",
    "antibiotics": "antibiotic", "statins": "statin", "steroids": "steroid", "diuretics": "diuretic",
    "inhalers": "inhaler", "puffer": "inhaler", "puffers": "inhaler", "nebulizer": "inhaler", "puff": "inhaler",
    "spacer": "inhaler", "anticoagulant": "bloodthinner", "anticoagulants": "bloodthinner",
    "thinner": "bloodthinner", "thinners": "bloodthinner", "antacids": "antacid",
    "laxatives": "laxative", "softener": "laxative",
    "nsaids": "nsaid", "anti-inflammatory": "nsaid", "antiinflammatory": "nsaid", "antiinflammatories": "nsaid",
    "insulins": "insulin",
    "drowsy": "sleepy", "drowsiness": "sleepy", "groggy": "sleepy", "woozy": "sleepy",
    "missed": "miss", "missing": "miss", "forgot": "miss", "forget": "miss", "forgotten": "miss", "forgetting": "miss",
    "dose": "dose", "doses": "dose", "dosage": "dose", "dosing": "dose",
    "fridge": "refrigerator", "refrigerate": "refrigerator", "refrigerated": "refrigerator", "icebox": "refrigerator",
    "storing": "store", "storage": "store", "stored": "store", "kept": "keep", "keeping": "keep",
    "dispose": "disposal", "disposing": "disposal", "flush": "disposal", "trash": "disposal", "discard": "disposal",
    "leftover": "leftover", "unused": "leftover", "extra": "leftover",
    "expired": "expire", "expires": "expire", "expiration": "expire",
    "kid": "child", "kids": "child", "children": "child", "grandkids": "child", "grandchildren": "child",
    "grandson": "child", "granddaughter": "child", "toddler": "child", "baby": "baby",
    "alcohol": "alcohol", "beer": "alcohol", "wine": "alcohol", "cocktail": "alcohol", "liquor": "alcohol",
    "whiskey": "alcohol", "booze": "alcohol", "vodka": "alcohol", "drinks": "drink", "drinking": "drink",
    "hydrate": "hydration", "hydrated": "hydration", "dehydrated": "hydration", "fluids": "fluid", "liquids": "fluid",
    "liquid": "fluid",
    "coffee": "caffeine", "tea": "caffeine", "soda": "caffeine", "cola": "caffeine", "espresso": "caffeine",
    "smoke": "smoking", "cigarette": "smoking", "cigarettes": "smoking", "vape": "smoking", "vaping": "smoking",
    "tobacco": "smoking", "nicotine": "smoking", "smoker": "smoking",
    "flying": "fly", "flight": "fly", "airplane": "fly", "plane": "fly", "airport": "fly", "flights": "fly",
    "traveling": "travel", "travelling": "travel", "trip": "travel",
    "vaccination": "vaccine", "vaccinations": "vaccine", "vaccines": "vaccine", "vaccinated": "vaccine",
    "dog": "pet", "dogs": "pet", "cat": "pet", "cats": "pet", "pets": "pet", "puppy": "pet", "kitten": "pet",
    "driving": "drive", "drove": "drive",
    "lifting": "lift", "heavy": "lift", "carry": "lift", "carrying": "lift", "groceries": "lift",
    "stairs": "stair", "steps": "stair", "upstairs": "stair", "staircase": "stair",
    "exercising": "exercise", "exercises": "exercise", "gym": "exercise", "workout": "exercise", "jog": "exercise",
    "walking": "walk", "walks": "walk", "active": "activity", "activities": "activity",
    "sexual": "sex", "intercourse": "sex", "intimacy": "sex", "intimate": "sex", "sexually": "sex",
    "job": "returnwork", "office": "office",
    "sleeping": "sleep", "asleep": "sleep", "insomnia": "sleep",
    "tired": "tired", "fatigue": "tired", "fatigued": "tired", "exhausted": "tired", "worn": "tired",
    "eating": "eat", "food": "eat", "foods": "eat", "meal": "eat", "meals": "eat", "appetite": "appetite",
    "diet": "diet", "hungry": "appetite",
    "salty": "salt", "sodium": "salt", "swollen": "swell", "swelling": "swell", "puffy": "swell", "swells": "swell",
    "ankles": "ankle", "feet": "foot", "legs": "leg",
    "weigh": "weight", "weighing": "weight", "weighed": "weight", "scale": "weight", "scales": "weight",
    "pounds": "weight", "glucose": "bloodsugar", "hypoglycemia": "low bloodsugar", "hypo": "low bloodsugar",
    "diabetic": "diabetes", "glucometer": "bloodsugar", "fingerstick": "bloodsugar",
    "bleeding": "bleed", "bleeds": "bleed", "blood": "bleed", "bruises": "bruise", "bruising": "bruise",
    "nosebleed": "bleed", "gums": "gum", "dental": "dentist", "tooth": "dentist", "teeth": "dentist",
    "clot": "bloodclot", "clots": "bloodclot", "dvt": "bloodclot", "stockings": "hosiery",
    "stocking": "hosiery", "hose": "hosiery", "socks": "hosiery", "sock": "hosiery",
    "appointment": "followup", "appointments": "followup", "checkup": "followup",
    "followup": "followup", "results": "testresult", "result": "testresult", "labs": "testresult",
    "biopsy": "testresult", "telephone": "phone", "hotline": "phone",
    "crutch": "crutches", "cane": "walker", "splint": "cast", "casts": "cast",
    "eyedrops": "eyedrop", "oxygen": "oxygen", "tank": "oxygen", "cannula": "oxygen", "concentrator": "oxygen",
    "spirometry": "spirometer", "coughing": "cough", "mouthwash": "mouth", "toothbrush": "mouth",
    "foley": "catheter", "tube": "tube", "drains": "drain", "draining": "drainage", "oozing": "drainage",
    "leaking": "drainage", "leak": "drainage", "ooze": "drainage", "weeping": "drainage", "seeping": "drainage",
    "numbness": "numb", "dizziness": "dizzy", "lightheaded": "dizzy", "faint": "dizzy",
    "hurts": "hurt", "hurting": "hurt", "sore": "hurt", "ache": "hurt", "aching": "hurt", "pain": "hurt",
    "painful": "hurt", "pains": "hurt", "aches": "hurt", "soreness": "hurt", "icing": "ice", "heating": "heat",
    "scabs": "scab", "crust": "scab", "crusty": "scab", "ointment": "cream", "lotion": "cream", "neosporin": "cream",
    "vaseline": "cream", "moisturizer": "cream", "creams": "cream", "peroxide": "peroxide",
    "greens": "vitamink", "spinach": "vitamink", "kale": "vitamink", "broccoli": "vitamink", "salad": "vitamink",
    "supplement": "vitamin", "supplements": "vitamin", "vitamins": "vitamin", "herbal": "vitamin", "herbs": "vitamin",
    "physio": "therapy", "pt": "therapy", "physiotherapy": "therapy", "grapefruit": "grapefruit",
    "anxious": "mood", "depressed": "mood", "sad": "mood", "moody": "mood",
    "crying": "mood", "refills": "refill", "fall": "fall", "falling": "fall", "falls": "fall", "tripping": "fall",
    "rash": "rash", "hives": "rash", "allergic": "allergy", "allergies": "allergy",
    "redness": "red", "reddish": "red", "infectious": "infection", "haemorrhoids": "hemorrhoid",
    "hemorrhoids": "hemorrhoid", "piles": "hemorrhoid", "sunlight": "sun", "sunshine": "sun", "sunscreen": "sun",
    "tummy": "belly", "abdomen": "belly", "abdominal": "belly", "stomachache": "belly hurt",
    "bellyache": "belly hurt", "damp": "wet", "soggy": "wet", "soaked": "wet", "moist": "wet", "wetting": "wet",
    "melt": "dissolve", "dissolvable": "dissolve", "absorb": "dissolve", "disappear": "dissolve", "pinkish": "pink",
    "yellowish": "yellow", "yellowy": "yellow", "brownish": "brown", "weepy": "drainage", "weep": "drainage",
    "seep": "drainage", "discharge": "drainage", "dribble": "urine", "thermometer": "fever", "hoover": "vacuum",
    "hoovering": "vacuum", "vacuuming": "vacuum", "tidy": "chore", "housework": "chore", "chores": "chore",
    "cleaning": "chore", "ironing": "chore", "dusting": "chore", "sofa": "rest", "couch": "rest", "stroll": "walk",
    "strolls": "walk", "potter": "walk", "wander": "walk", "anaesthetic": "anesthesia", "anesthetic": "anesthesia",
    "anaesthesia": "anesthesia", "holiday": "travel", "vacation": "travel", "abroad": "travel", "cruise": "travel",
    "jab": "vaccine", "jabs": "vaccine", "booster": "vaccine", "paracetomol": "acetaminophen", "hoarse": "throat",
    "scratchy": "throat", "croaky": "throat", "sputum": "phlegm", "mucus": "phlegm", "burp": "gas", "burping": "gas",
    "belching": "gas", "indigestion": "heartburn", "reflux": "heartburn", "nap": "sleep", "naps": "sleep",
    "dozing": "sleepy", "snooze": "sleep", "knackered": "tired", "weary": "tired", "shattered": "tired",
    "drained": "tired", "lethargic": "tired", "sluggish": "tired", "energy": "tired", "weepiness": "mood",
    "tearful": "mood", "tears": "mood", "lonely": "mood", "gloomy": "mood", "anxiety": "mood", "depression": "mood",
    "nervous": "mood", "giddy": "dizzy", "wobbly": "dizzy", "unsteady": "fall", "tripped": "fall", "slipped": "fall",
    "slip": "fall", "stumble": "fall", "employer": "returnwork", "boss": "returnwork", "sport": "exercise",
    "sports": "exercise", "golf": "exercise", "tennis": "exercise", "yoga": "exercise", "jogging": "exercise",
    "cycling": "exercise", "bike": "exercise", "tape": "steristrip", "tapes": "steristrip", "strips": "steristrip",
    "lumps": "lump", "lumpy": "lump", "bump": "lump", "bumps": "lump", "ridge": "lump", "knot": "lump",
    "sweats": "sweat", "sweaty": "sweat", "sweating": "sweat", "cramping": "cramp", "cramps": "cramp",
    "zimmer": "walker", "rollator": "walker", "colour": "color", "colours": "color", "coloured": "color",
    "tumble": "fall", "trousers": "clothes", "pants": "clothes", "jeans": "clothes", "bra": "clothes",
    "clothing": "clothes", "waistband": "clothes", "headaches": "headache", "migraine": "headache",
    "hiccup": "hiccups", "hiccuping": "hiccups", "forgetful": "foggy", "memory": "foggy", "concentrate": "foggy",
    "focusing": "foggy", "fuzzy": "foggy", "chemist": "pharmacy", "pharmacist": "pharmacy", "surgeries": "surgery",
    "starving": "appetite", "peckish": "appetite", "veg": "vegetable", "vegetables": "vegetable",
    "veggies": "vegetable", "fruits": "fruit", "salads": "vitamink", "lettuce": "vitamink", "cabbage": "vitamink",
    "septic": "infection", "antiseptic": "cream", "savlon": "cream", "germolene": "cream", "bacitracin": "cream",
    "aquaphor": "cream", "sudocrem": "cream", "beach": "sun", "sunbathing": "sun", "drenched": "wet", "sodden": "wet",
    "leggings": "clothes", "shirt": "clothes", "skirt": "clothes", "underwear": "clothes", "banana": "fruit",
    "bananas": "fruit", "apples": "fruit", "oranges": "fruit", "popsicle": "fluid", "popsicles": "fluid",
    "jello": "fluid", "unstuck": "open", "gapping": "open", "gaping": "open", "laces": "bend", "shoelaces": "bend",
    "stooping": "bend", "plasters": "bandage", "bandaged": "bandage", "covering": "bandage", "covered": "cover",
    "loo": "toilet", "potty": "toilet", "throbbing": "hurt", "throbs": "hurt", "stinging": "hurt", "tender": "hurt",
    "tenderness": "hurt", "achy": "hurt", "shivery": "fever", "shivers": "fever", "shivering": "fever",
    "sniffles": "cold", "therapist": "therapy", "rehab": "therapy", "dialysis": "kidney", "kidneys": "kidney",
    "skinny": "weight", "kilos": "weight", "lbs": "weight",
}  # fmt: skip

EMPTY: Final[frozenset[str]] = frozenset(
    # words that carry no topic
    """a about actually after again ah ahead all almost already also alright always am an and any anybody anyone
    anything anyway apparently are aren't around as ask asked asking at away back be because been before being between
    bit both but by bye called came can can't cannot cause come coming could couldn't did didn't do does doesn't
    doing don't done each either else er even ever every everybody everyone everything exactly fact few find fine first
    for from gave get gets getting give given go goes going gonna good got gotta guess guys had happen happened happens
    hardly has hasn't have haven't having he he's hello help her here here's hers hey hi him himself his hmm hold home
    honestly hope hospital how how's however i i'd i'll i'm i've if in instead into is isn't it it's its itself just
    kind kinda knew know known last lately later least let let's like little look looking lot ma'am made make makes
    making many matter may maybe me mean meant might mine mm more most mostly much must my myself near need needed needs
    never new next no nope normal normally not nothing now of off oh ok okay on once one ones only onto or other others
    ought our ours out over own particular perhaps please possible possibly pretty probably put putting question
    questions quick quickly quite rather real really recently regarding right said say saying says see seem seems
    sent she she's should shouldn't side since sir situation so some somebody somehow someone something sometimes
    somewhere soon sorry sort still stuff suppose supposed sure tell telling than thank thanks that that's the their
    theirs them then there there's these they they're thing things think thinking this those though thought through
    till to today together told too toward tried try trying um under understand until up upon us use used uh usually
    very wait wanna want wanted wants was wasn't way we we're we've well went were weren't what what's whatever when
    whenever where whether which while who who's whole whose why will with within without won't wonder wondered
    wondering would wouldn't yeah yes yet you you'd you'll you're you've your yours yourself yup best better okay'd
    doctor doctors surgeon nurse nurses people person hospitals clinic patient wife husband daughter son mother father
    mom dad sister brother friend neighbor yesterday tonight tomorrow morning afternoon evening night week weeks day
    days month months hour hours minute minutes time times ago monday tuesday wednesday thursday friday saturday sunday
    surgery operation operated procedure discharged discharge discharging released sent surgical op two three four
    five six seven eight nine ten twelve couple allowed allow okay safe safely started starting long far
    often lots amount year years able absolutely afraid against agree alone along although amazing anymore annoying
    anytime appreciate awful awfully bet bother bothering bothers brought busy certain certainly chance clear clearly
    concern concerned confused correct correctly crazy curious deal dear definitely difference different directly during
    easier easily effect em enough especially etcetera excuse explain extremely fair fairly feels finally follow forever
    forth forward fully funny further general generally glad great guy guys happy hate hear heard helpful helping helps
    hopefully horrible huge idea immediately important information instructions issue itself joke kept late lady likely
    literally live living load loads longer love lovely mainly major manage managed mention mentioned middle mind
    minor miserable moment mostly myself naturally necessary neither nice nor notice noticed obviously obvious okey
    onwards option options paper papers past piece places plan planning plus point possibility prefer present problem
    problems proper properly proud provide rarely reason reasons recommend recommended remember require required
    rid rough roughly safer scared seeing seemed seriously several shall share short show shown silly simple simply
    single slight slightly sounds special specific spend stand stays stay staying stupid sudden suddenly suggest
    suggestion suggestions super surely terrible terribly tip tips totally trouble true truly truth type unable unless
    unfortunately useful usual various version view ways weird welcome whenever willing wise wish worried worry worrying
    worth wrote young advice advise advised answer answers anyhow appropriate assume aware basically basic believe
    beside besides call calling calls clue definitely discuss doubt everyday expect expected experience
    experienced experiencing extent figure girl boy man woman hardest heading however'd hubby kindly lying mister
    mrs mr nowadays original otherwise perfectly period personally plain planned plans quiet ready recover recovered
    recovery recovering regular regularly related remain respond section seeing serious seriously
    severe situation smart somewhat starts status stays sticking struggling supposedly terms therefore till
    tough treated treatment treatments tricky unsure value wanting whatsoever wife's within wow
    maddening mad noon midnight midday nights mornings evenings afternoons weekend weekends fortnight quarter
    importantly stink balloon rainbow thing horse shift total entire entirely complete completely frog plenty
    gosh sec min mins hrs part parts middle top bottom front nobody everybody none bunch handful loads loving
    dying merely hugely massively incredibly unbelievably absolute slightest least forehead filthy goodness
    grief rang yourselves booked nasty dreadful odd odder queer blimey reckon guessing supposing gather appears
    appear seemingly straight honest frankly truthfully recall earlier afterwards afterward beforehand meanwhile
    meantime ages constantly occasionally frequently repeatedly continually bits tons lasts lasted whoever
    anyways regards regard respect manner hubby's missus spouse partner nephew niece cousin uncle aunt grandma
    grandpa granny granddad parents parent folks relative relatives sibling kin everybody's comes becoming
    became become becomes turned turns turn keeps began begun begins ended noticing realise realize realized
    realised decide decided deciding mentions remind reminded reminds guessed imagine imagined handle lastly
    firstly secondly wherever half dozen hundred thousand twenty thirty forty fifty sixty seventy eighty ninety
    eleven thirteen fourteen fifteen sixteen seventeen eighteen nineteen degrees january february april june
    july august september october november december christmas easter bothered bothersome puzzled unhappy fussy
    careful aside per shan't needn't mustn't ain't gotten y'all lemme gimme whatnot cope coping bearing guidance
    guideline guidelines ring""".split()
)

SOFT: Final[frozenset[str]] = frozenset(
    # words that hint at a topic but seldom make one: they weigh a third
    """take taking took taken takes work works working bad worse long wrong big small old hard easy week new number
    care caring change changing keep hurt medicine stop stopping start starting look feel feeling feels felt
    normal leave left move moving run running wear
    high low hot cold warm sore hand hip knee shoulder back stomach belly leg arm foot ankle area place
    affect affects effect
    thigh elbow wrist groin rib thumb shin heel hips knees shoulders arms
    skin body replacement""".split()
)

FILLER: Final[frozenset[str]] = frozenset(
    # words that may stand or fall without changing a question
    """um uh er so well please now that i'm home just the a an oh okay ok hi hello hey you guys your thank thanks then
    there here today anyway actually really like know tell want to ask about wondering was in of for with this my got
    back yet again some any at on is it be and""".split()
)

COMMON: Final[frozenset[str]] = frozenset(
    # English words that look like words of the material; never taken for misheard ones
    """shaking shivering burning visiting shopping cooking cleaning reading writing talking singing playing watching
    listening breaking broken rolling turning pulling pushing holding losing finding winning beating biting bending
    stretching stretch sitting standing kneeling crossing jumping dancing laughing sneezing snoring yawning choking
    swallow chewing tasting smelling touching seeing waiting paying buying selling parking house horse mouse hours
    visitor stock stocks market weather whether leather feather father lather further garden golden table cable stable
    bottle battle little kettle letter better butter matter latter winter summer spring autumn window kitchen bedroom
    living dining laundry basement garage street avenue school church office station store stores stare stars start
    glass class grass cross gross dress press chess paper pepper proper copper tower power lower flower shower hover
    cover lover river liver fever never lever clever silver sugar cigar color collar dollar doctor factor tractor actor
    motor water waiter later layer lawyer player prayer mayor major minor mirror error terror horror minister sister
    mister master monster picture lecture nature mature future culture texture mixture capture fracture structure
    muscle mussel castle cattle needle noodle poodle middle riddle saddle handle candle bundle uncle ankle single angle
    jungle simple sample temple purple people apple couple double trouble bubble humble tumble noble marble football
    baseball basketball hockey soccer tennis concert movie music radio television computer internet email password
    account insurance billing invoice payment receipt money charge credit lawyers police jacket charger wallet ticket
    luggage parking cafeteria gift shop flowers chapel elevator lobby history science president election capital
    country vacation holiday birthday wedding funeral party restaurant recipe turkey chicken pizza burger sandwich
    stalking talking walking balking casting lasting testing resting nesting vesting draining training raining straining
    gaining paining leading heading bedding wedding""".split()
)

ELSEWHERE: Final[frozenset[str]] = frozenset(
    # words that make a question one of another field, whatever else it names: money, travel, television
    """sue suing lawsuit lawyer refund price prices cost costs bill bills billing insurance medicare medicaid pay pays
    paid payment sell sells selling buy buying purchase shop brand airline ticket wifi password computer
    internet television telly tv movie film song joke elephant wedding tattoo paint painting parking taxi bus
    train hairdresser lottery vote president election capital football hockey baseball soccer weather forecast
    mri prescribe complain complaint compensation recipe homework crossword fairy news music netflix cinema
    theater concert""".split()
)

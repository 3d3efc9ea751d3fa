"""How names are said that the voice's own rules get wrong: medicines above all.  Pure.

The sounds are espeak-ng's American English, which Piper's English voices are trained on: stress before the vowel.  Each
entry was compared with what espeak-ng 1.52 makes of the spelling; a name that it says right, or that
a recogniser understands no better with an entry, has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_TABLE: Final = """
acetaminophen ɐsˌiːɾəmˈɪnəfən|acetylcysteine ɐsˌiːɾəlsˈɪstiːn|albuterol ælbjˈuːɾɚɹˌɔːl|aleve ɐlˈiːv
allopurinol ˌæloʊpjˈʊɹɪnˌɑːl|alprazolam ælpɹˈæzəlˌæm|amiodarone ˌæmiːˈoʊdɚɹˌoʊn|amlodipine æmlˈoʊdɪpˌiːn
apixaban ɐpˈɪksəbˌæn|aspart ˈæspɑːɹt|atenolol ɐtˈɛnəlˌɔːl|atorvastatin ɐtˌɔːɹvəstˈætᵻn|azithromycin əzˌɪθɹoʊmˈaɪsᵻn
benazepril bɛnˈeɪzəpɹˌɪl|bisacodyl bˌɪsəkˈoʊdɪl|brilinta bɹɪlˈɪntə|budesonide bjuːdˈɛsənˌaɪd
bumetanide bjuːmˈɛɾənˌaɪd|buprenorphine bjˌuːpɹənˈɔːɹfiːn|bupropion bjuːpɹˈoʊpiən|carbamazepine kˌɑːɹbəmˈæzəpˌiːn
cefdinir sˈɛfdɪnˌɪɹ|cefuroxime sˌɛfjʊɹˈɑːksiːm|ceftriaxone sˌɛftɹaɪˈæksoʊn|celecoxib sˌɛləkˈɑːksɪb
cephalexin sˌɛfɐlˈɛksɪn|cetirizine sɛtˈɪɹəzˌiːn|chlorthalidone klɔːɹθˈælɪdˌoʊn|ciprofloxacin sˌɪpɹoʊflˈɑːksəsɪn
citalopram sᵻtˈæloʊpɹˌæm|clavulanate klˈævjʊlənˌeɪt|clopidogrel kloʊpˈɪdoʊɡɹˌɛl|codeine kˈoʊdiːn|colace kˈoʊleɪs
colchicine kˈoʊltʃɪsˌiːn|coreg kˈoʊɹɛɡ|coumadin kˈuːmədɪn|cyclobenzaprine sˌaɪkloʊbˈɛnzəpɹˌiːn
dabigatran dəbˈɪɡətɹˌæn|dapagliflozin dˌæpəɡlɪflˈoʊzɪn|demadex dˈɛmədˌɛks|detemir dˈɛɾəmˌɪɹ|diazepam daɪˈæzəpˌæm
digoxin dɪdʒˈɑːksɪn|diltiazem dɪltˈaɪəzˌɛm|diphenhydramine dˌaɪfɛnhˈaɪdɹəmˌiːn|diuretic dˌaɪjʊɹˈɛɾɪk
doxazosin dɑːksˈæzəsɪn|doxycycline dˌɑːksɪsˈaɪkliːn|duloxetine duːlˈɑːksətˌiːn|edema ɪdˈiːmə
edoxaban ɪdˈɑːksəbˌæn|eliquis ˈɛlɪkwɪs|empagliflozin ˌɛmpəɡlɪflˈoʊzɪn|enalapril ɪnˈæləpɹˌɪl
enoxaparin ɪnˌɑːksəpˈæɹɪn|escitalopram ˌɛsɪtˈæləpɹˌæm|ezetimibe ɪzˈɛɾɪmˌaɪb|famotidine fəmˈoʊɾɪdˌiːn
farxiga fɑːɹsˈiːɡə|finasteride fɪnˈæstɚɹˌaɪd|flomax flˈoʊmæks|fluconazole fluːkˈɑːnəzˌoʊl
fluoxetine fluːˈɑːksətˌiːn|fluticasone fluːtˈɪkəsˌoʊn|furosemide fjʊɹˈoʊsəmˌaɪd|gabapentin ɡˌæbəpˈɛntɪn
glargine ɡlˈɑːɹdʒiːn|hydralazine haɪdɹˈæləzˌiːn|hydrochlorothiazide hˌaɪdɹoʊklˌɔːɹəθˈaɪəzˌaɪd
hydrocodone hˌaɪdɹəkˈoʊdoʊn|hydromorphone hˌaɪdɹoʊmˈɔːɹfoʊn|ipratropium ˌɪpɹətɹˈoʊpiəm|isosorbide ˌaɪsoʊsˈɔːɹbaɪd
ketorolac kiːtˈɔːɹəlˌæk|lamotrigine ləmˈoʊtɹɪdʒˌiːn|levemir lˈɛvəmˌɪɹ|levetiracetam lˌɛvətɪɹˈæsətˌæm
levofloxacin lˌiːvoʊflˈɑːksəsɪn|levothyroxine lˌiːvoʊθaɪɹˈɑːksɪn|lisinopril laɪsˈɪnoʊpɹˌɪl|loperamide loʊpˈɛɹəmˌaɪd
lopressor loʊpɹˈɛsɚ|loratadine lɔːɹˈæɾədˌiːn|lorazepam lɔːɹˈæzəpˌæm|losartan loʊsˈɑːɹtən|lovenox lˈoʊvənˌɑːks
melatonin mˌɛlətˈoʊnɪn|meloxicam mɛlˈɑːksɪkˌæm|metformin mɛtfˈɔːɹmɪn|methocarbamol mˌɛθəkˈɑːɹbəmˌɔːl
methylprednisolone mˌɛθəlpɹɛdnˈɪsəlˌoʊn|metoprolol mətˈoʊpɹəlˌɔːl|metronidazole mˌɛtɹənˈaɪdəzˌoʊl
minocycline mˌɪnəsˈaɪkliːn|miralax mˈɪɹəlˌæks|montelukast mˌɑːntəlˈuːkæst|motrin mˈoʊtɹɪn
mycophenolate mˌaɪkoʊfˈɛnəlˌeɪt|naloxone nəlˈɑːksoʊn|naproxen nəpɹˈɑːksən|neurontin nʊɹˈɑːntɪn|nexium nˈɛksiəm
nifedipine naɪfˈɛdɪpˌiːn|nitrofurantoin nˌaɪtɹoʊfjʊɹˈæntoʊɪn|omeprazole oʊmˈɛpɹəzˌoʊl|ondansetron ɑːndˈænsətɹˌɑːn
oseltamivir ˌoʊsəltˈæmɪvˌɪɹ|oxycodone ˌɑːksɪkˈoʊdoʊn|ozempic oʊzˈɛmpɪk|pantoprazole pæntˈoʊpɹəzˌoʊl
percocet pˈɜːkəsˌɛt|phenytoin fˈɛnɪtoʊɪn|pradaxa pɹədˈæksə|pravastatin pɹˌævəstˈætᵻn|prednisolone pɹɛdnˈɪsəlˌoʊn
prednisone pɹˈɛdnɪsˌoʊn|pregabalin pɹɪɡˈæbəlɪn|prilosec pɹˈaɪləsˌɛk|quetiapine kwɪtˈaɪəpˌiːn|ramipril ɹˈæmᵻpɹˌɪl
rivaroxaban ɹˌɪvəɹˈɑːksəbˌæn|robaxin ɹoʊbˈæksɪn|rosuvastatin ɹoʊsˈuːvəstˌætɪn|sacubitril səkjˈuːbɪtɹˌɪl
sertraline sˈɜːtɹəlˌiːn|simvastatin sˌɪmvəstˈætᵻn|spiriva spɪɹˈiːvə
spironolactone spɪɹˌɑːnəlˈæktoʊn|suboxone sʌbˈɑːksoʊn|sulfamethoxazole sˌʌlfəmɛθˈɑːksəzˌoʊl
tacrolimus tækɹˈoʊlɪməs|tamsulosin tæmsˈuːləsɪn|ticagrelor taɪkˈæɡɹəlˌɔːɹ|tiotropium tˌaɪətɹˈoʊpiəm
topiramate toʊpˈɪɹəmˌeɪt|toprol tˈoʊpɹɔːl|torsemide tˈɔːɹsəmˌaɪd|trazodone tɹˈæzədˌoʊn|trimethoprim tɹaɪmˈɛθəpɹˌɪm
valacyclovir vˌæləsˈaɪkləvˌɪɹ|valproate vælpɹˈoʊeɪt|valsartan vælsˈɑːɹtən|venlafaxine vˌɛnləfˈæksiːn
verapamil vəɹˈæpəmˌɪl|xarelto zəɹˈɛltoʊ|zoloft zˈoʊlɔft|zolpidem zˈoʊlpɪdˌɛm
"""
_SPANISH: Final = {
    "un momento": "ˈuːn moʊmˈɛntoʊ",
    "por favor": "pˈɔːɹ fɑːvˈɔːɹ",
    "viene una persona": "vjˈɛneɪ ˈuːnə pɛɹsˈoʊnə",
    "emergencia": "ˌɛmɛɹhˈɛnsiə",
    "nueve": "nwˈɛveɪ",
    "uno": "ˈuːnoʊ",
}
"""Spanish in the sounds that the English voice was taught; heard as "momento, por favor", and spelled it was not."""
SOUNDS: Final[Mapping[str, str]] = MappingProxyType(
    dict(entry.split(" ", 1) for line in _TABLE.strip().splitlines() for entry in line.split("|")) | _SPANISH
)
"""Name in small letters -> its sounds."""
_NAME: Final = re.compile(rf"\b({'|'.join(sorted(SOUNDS, key=len, reverse=True))})(?:'?s)?\b", re.IGNORECASE)


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in order, as (part, these are sounds); a part that is text keeps its spaces."""
    at = 0
    for found in _NAME.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], False
        yield SOUNDS[found[1].lower()] + _ending(found), True
        at = found.end()
    if at < len(text):
        yield text[at:], False


def _ending(found: re.Match[str]) -> str:
    """The s of a plural or an owner, as it sounds after the name."""
    if len(found[0]) == len(found[1]):
        return ""
    last = SOUNDS[found[1].lower()][-1]
    return "ᵻz" if last in "sz" else "s" if last in "ptkfθ" else "z"

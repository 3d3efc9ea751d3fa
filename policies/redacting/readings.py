"""Words that say of a number near by that it was read off something or counts something, and identifies nobody."""

from __future__ import annotations

from typing import Final

# Before a number, in its clause.
READ_BEFORE: Final = frozenset(
    """pressure pulse sugar sugars glucose temperature temp temps fever oxygen sat sats saturation rate weight weigh
    weighs weighed inr hemoglobin hematocrit potassium sodium creatinine platelets cholesterol wbc ldl hdl tsh
    troponin bnp psa reading readings bp level levels ox heart a1c dose doses milligrams page pages pain scale size
    oximeter percent score degrees pounds systolic diastolic error pill pills tablet aspirin prednisone insulin units
    resp peep gauge volume channel step monitor meter cuff watch finger top bottom taper between respirations""".split()
)
# Right after it.
READ_AFTER: Final = frozenset("percent degrees pounds milligrams units systolic diastolic bpm fahrenheit".split())

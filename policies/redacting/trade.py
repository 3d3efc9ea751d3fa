"""Trade names that look like names of people: what is bought without a prescription, eaten, drunk, put on the skin.

Written from general knowledge.  None that is a common family name: "bayer" stays one.
"""

from __future__ import annotations

from typing import Final

TRADE: Final = frozenset(
    """accu accuchek chek alka seltzer aleve anbesol aquaphor aveeno azo bengay biofreeze blistex bonine caladryl
    calmoseptine carmex cepacol cerave cetaphil chapstick chloraseptic coricidin cortaid cortizone coppertone
    culturelle dayquil debrox delsym depends desenex desitin dimetapp dramamine dulcolax emetrol epsom eucerin exlax
    gasx gelusil goldbond icyhot imodium kaopectate kwellada lanacane lactaid listerine lotrimin lubriderm
    luden ludens mederma mentholatum micatin midol monistat murine mylicon neutrogena nivea norcos nyquil zzzquil
    orajel oscal oxy pepto bismol percogesic percs polident poligrip rogaine rolaids salonpas
    savaysa sensodyne senokots similasan sinex tinactin theraflu triaminic tylenols unisom vagisil vaporub
    visine vicks zicam zarbee zarbees zpak zpack
    alkaseltzer band-aid bandaids clorox dreft febreze kleenexes lysol pampers purell qtip qtips scotch swiffer
    tampax tupperware windex
    cheerios cheetos coca cola cokes doritos fanta folgers frappuccino fritos fresca frosties
    jell kool-aid koolaid lunchables mcdonalds
    mcdonald's nabisco nescafe nesquik nutella oreo oreos ovaltine powerade pringles sanka
    snapple splenda starbucks stevia sunkist tobasco tabasco tostitos triscuit triscuits truvia twinkie
    twinkies twix velveeta wheaties
    fitbits garmin hyundai kindle lazyboy peloton roku roomba samsung toyota""".split()
)
"""Single words in lower case."""

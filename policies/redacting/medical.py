"""Words of medicine that look like names or numbers: what must stay in a text, for it carries the meaning."""

from __future__ import annotations

import re
from typing import Final

from policies.redacting.trade import TRADE

# Stems of the International Nonproprietary Names (WHO), as endings; and a few of brands and chemistry.
DRUG_ENDING: Final = re.compile(
    r"(?:pril|prilat|sartan|olol|alol|statin|dipine|azole|oxacin|cillin|mycin|micin|cycline|cef\w+|cillin|vir|mab|nib"
    r"|gliptin|gliflozin|glutide|natide|glitazone|formin|glinide|parin|xaban|gatran|grel|triptan|setron|prazole|tidine"
    r"|sone|solone|onide|asone|lukast|terol|tropium|phylline|zepam|zolam|barbital|oxetine|traline|pramine|triptyline"
    r"|apine|idone|piprazole|azine|peridol|thiazide|semide|lactone|kalim|caine|curium|profen|coxib|fenac|oxicam|codone"
    r"|morphone|orphan|orphine|adol|oxone|caps?in|gabalin|gabatin|toin|zine|racetam|amide|mustine|platin|rubicin|taxel"
    r"|tecan|poside|trexate|tinib|limus|cept|leukin|stim|poetin|dronate|calcin|thyronine|thyroxine|gestrel|estradiol"
    r"|steride|osin|afil|bufen|vudine|tegravir|conazole|nafine|floxacin|bactam|penem|azepam|zepine|zodone|faxine"
    r"|cetam|darone|dopa|giline|capone|nezil|stigmine|mantine|curonium|cillamine|purinol|xostat|colchicine|quine|nidazole"
    r"|dilol|thoprim|itril|sorbide|grelor|etanide|utamol|etamol|argine|trigine|izide|acodyl|adine|idem|alopram|ropion"
    r"|ridine|noprost|onidine|aprine|ephedrine|butynin|hydramine|alexin|fylline|tadine|cobal|vaptan|fenacin|begron"
    r"|ectomy|otomy|ostomy|oscopy|itis|osis|emia|uria|algia|pathy|plasty|gram|scopy|penia|trophy|plegia|oma|cele)$"
)
# Names of medicines by their trade, devices, eponyms, procedures, tests: general knowledge, none of a collection.
MEDICAL: Final = TRADE | frozenset(
    """apap bufferin bumex bumetanide cleocin demadex docusate ecotrin effient endocet glargine lispro aspart degludec
    naprosyn nitrostat nurofen pacerone pyridium xalatan cosopt alphagan combigan azopt polyethylene creon eylea
    januvia trulance amitiza motegrity relistor movantik zenpep brukinsa imbruvica ibrance xtandi zytiga revlimid
    pomalyst keytruda tagrisso verzenio ocrevus tysabri aubagio tecfidera gilenya copaxone avonex rebif nurtec ubrelvy
    ajovy aimovig qulipta cimzia skyrizi tremfya taltz cosentyx otezla rinvoq olumiant actemra simponi stelara forteo
    tymlos evenity boniva reclast camzyos corlanor multaq tikosyn betapace rythmol norpace tambocor ranolazine inspra
    edecrin demadex lozol zaroxolyn samsca edarbi tekturna azor exforge tribenzor lotrel caduet nexletol vascepa
    lovaza repatha welchol zepbound saxenda qsymia contrave afrezza fiasp admelog semglee rezvoglar xultophy soliqua
    steglatro glyxambi synjardy janumet jentadueto kombiglyze nesina prandin starlix precose glyset
    com www http https org edu gov abilify accupril actos adderall advair advil afrin albuterol aldactone aleve
    allegra alli altace ambien amaryl amoxil anoro apixaban aricept arimidex arthrotec aspirin atarax ativan
    atorvastatin atrovent augmentin avandia avapro azithromycin bactrim basaglar belsomra benadryl benicar bentyl
    betadine biktarvy boniva botox breo brilinta bumex buspar butrans bydureon byetta bystolic calan carafate
    cardizem cardura cartia celebrex celexa cellcept chantix cialis cipro ciprofloxacin clarinex claritin clexane
    clindamycin codeine colace combivent compazine concerta coreg coumadin cozaar creon crestor cymbalta decadron
    deltasone demerol depakote desyrel detrol diabeta dexcom diflucan digoxin dilantin dilaudid diltiazem diovan
    ditropan dulcolax dulera duoneb dupixent duragesic dyazide effexor elavil eliquis emgality enbrel ensure
    entresto epclusa epipen epogen estrace evista excedrin exelon exforge famotidine farxiga femara fentanyl
    fioricet flagyl flexeril flomax flonase flovent fosamax furosemide gabapentin gaviscon genvoya geodon gleevec
    glucophage glucotrol glumetza harvoni heparin herceptin hctz humalog humira humulin hytrin hyzaar imdur imitrex
    imodium imuran inderal insulin invokana isordil jantoven januvia jardiance kenalog keflex keppra kerendia
    klonopin klor klor-con lamictal lanoxin lantus lasix latuda leqvio letrozole levaquin levemir levitra
    levothyroxine lexapro linzess lipitor lisinopril lithium livalo lomotil lopressor lopressor lortab losartan
    lotensin lovenox lucentis lunesta lupron lyrica macrobid maalox mavyret maxalt maxide meclizine medrol melatonin
    metamucil metformin methotrexate metoprolol mevacor micardis miralax mobic morphine motrin mounjaro mucinex
    myrbetriq mylanta naloxone namenda naproxen narcan nasacort nasonex neulasta neupogen neurontin nexium niaspan
    nicorette nitro nitroglycerin nizoral norco normodyne norvasc novolin novolog nucynta nuvigil omeprazole opdivo
    orencia oxycontin oxycodone ozempic pamelor pantoprazole paxil paxlovid pepcid percocet peridex phenergan
    plaquenil plavix pletal pradaxa praluent pravachol prednisone premarin prevacid prilosec prinivil pristiq proair
    procardia prograf prolia propofol proscar protonix proventil provigil prozac pulmicort qvar ranexa reglan
    relafen remeron remicade renvela repatha restasis restoril revatio reyataz rifampin risperdal ritalin robaxin
    robitussin rocephin roxicodone rozerem rybelsus sandimmune senna senokot septra seroquel serevent shingrix
    silvadene simvastatin sinemet singulair skelaxin solumedrol soma sonata spiriva stelara strattera suboxone
    subutex sudafed symbicort synthroid tamiflu tamsulosin tegaderm tegretol tenormin tessalon topamax toprol
    toradol toujeo tradjenta tramadol trazodone trelegy trental tresiba tricor triglide trileptal trintellix
    trulicity tums tylenol ultracet ultram uloric valium valsartan valtrex vancomycin vasotec ventolin verapamil
    vesicare viagra vicodin victoza vimpat vistaril vitamin voltaren vraylar vytorin warfarin wegovy welchol
    wellbutrin xanax xarelto xeljanz xolair xyzal yasmin zanaflex zantac zarxio zestoretic zestril zetia ziac
    zithromax zocor zofran zoloft zometa zosyn zovirax zubsolv zyloprim zyprexa zyrtec foley hickman broviac
    groshong malecot pigtail tenckhoff picc jp pleurx holter zio dobhoff salem yankauer ambu bipap cpap libre
    omnipod medtronic spirometer hemovac davol kerlix steri strips coban mepilex aquacel duoderm hose unna whipple
    nissen mohs billroth bankart kegel kegels crohn crohns parkinson parkinsons alzheimer alzheimers hodgkin
    hodgkins raynaud raynauds sjogren sjogrens hashimoto hashimotos meniere dupuytren guillain barre wernicke
    korsakoff peyronie meckel zenker kaposi bartholin kegel takotsubo achilles eustachian fallopian roux dexcom a1c
    hba1c inr psa bnp bun gfr egfr tsh ldl hdl cbc bmp cmp ekg ecg mri cat ct pet er icu ccu cva tia copd chf afib
    dvt pe uti gerd ibs mrsa covid hiv hpv rsv bph cabg tavr egd ercp stent tens nsaid iv po prn bid tid qid npo otc
    acl mcl tpn ptsd adhd ocd als ms ulcerative colitis sepsis pneumonia psoriasis eczema mg mcg mikes ml cc ccs bpm
    mmhg fahrenheit celsius tums temp pulse ox oximeter glucometer hydrocodone saline keto potassium magnesium
    sodium zinc sulfa penicillin benadryl steroid steroids tylenol ibuprofen acetaminophen hiccups bloodwork
    ultrasound colonoscopy gallbladder hernia cesarean colostomy ileostomy urostomy nephrostomy trach tracheostomy
    stoma ostomy port catheter meds med scrip script refill refills copay er ed telehealth rehab hospice dialysis
    chemo radiation biopsy incision stitches staples gauze bandage dressing drain walker cane wheelchair aetna cigna
    humana medicare medicaid anthem kaiser unitedhealthcare tricare optum molina wellcare centene walgreens cvs
    walmart kroger costco uber lyft google facebook zoom fedex ups usps wifi alexa siri iphone android mychart
    velcro kleenex vaseline gatorade pedialyte boost coke pepsi jello popsicle popsicles crackers saltines oatmeal
    english spanish chinese mandarin cantonese vietnamese polish korean arabic hindi french german russian monday
    tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
    sundays weekday weekend january february march july september october november december feb mar apr jun jul aug
    sep sept oct nov dec gonna wanna kinda sorta oughta gotta lotta outta ouch yikes wow gosh geez jeez ugh nope yup
    uh-huh mhm okey dokey god lord christ christmas easter thanksgiving halloween hanukkah ramadan america american
    usa ohio anytime whenever auth rx dr mrn ssn dob per peed pooped mastercard amex o'clock creatinine troponin
    donepezil medigap preop postop appt appts labs outpatient inpatient peeing pooping groggy woozy loopy antsy
    whatcha gotcha shoulda coulda woulda hafta til tho thru alot howdy alrighty yessir nah yea yeh mhm uhh umm ohh
    ahh hmmm whoa yay oops oof phew facetime venmo paypal netflix youtube tv tvs ipad fitbit doordash instacart
    ziploc bandaid neosporin bacitracin polysporin sprite decaf copays deductible deductibles preauth healthcare
    caseworker probiotic probiotics biotin turmeric cbd thc elderberry electrolytes glucerna underpad underpads chux
    rollator nebs desats scabby gunky oozy goopy puffier crampy nombre senor senora hola gracias favor por usted
    doctora español espanol buenos dias buenas okie dokie charley pratt rotator online email emails internet website
    app laptop voicemail username inbox gmail hotmail outlook yahoo hon honey sweetie dear darling ma'am maam sir
    folks fella fellas lady guy guys""".split()
)
# Names of people that became names of things; names all the same where nothing says otherwise.
EPONYMS: Final = frozenset(
    """addison allen alzheimer apgar babinski baker bakers barrett bartons bartter bell bells best blake bledsoe boot
    bosniak braden bright bristow brooke burch burkitt charcot child cobb colles conn crohn crohns cushing danlos
    doppler down ehlers epley ewing foley fontan fowler fuch fuchs ganz garden gehrig gehrigs gilbert glasgow
    gleason graves harris hartmann hartmanns hashimoto heimlich heller hickman hickmans hodgkin homan horner hoyer
    huntington huntingtons ivor jackson jefferson johnson jones kawasaki kegel lapidus lewis lewy libre lisfranc lou
    lyme marfan maze mcburney mckenzie meniere miller mohs monteggia morton murphy nissen paget pagets parkinson
    parkland penrose pott pratt pugh quinton raynaud reye rhodes ross roux salem salter schatzker sjogren stargardt
    stevens swan thomas tourette tourettes trendelenburg turner valsalva weber whipple white wilms wilson wilsons
    wolff""".split()
)
# What an eponym stands before.
EPONYM_NOUNS: Final = frozenset(
    """hose hoses stockings socks disease palsy syndrome drain drains catheter catheters cyst line tube bag bulb
    procedure operation surgery sign test score scale fracture hernia lymphoma dementia maneuver manoeuvre splint
    boot brace wrap flap stent phenomenon lift chorea ulcer esophagus oesophagus tumor tumour sarcoma neuroma bodies
    body contracture position exercises diverticulum thyroiditis parkinson white barre pratt ganz danlos gehrig
    johnson solution lotion ring port repair valve anomaly reaction classification stage angle law colitis
    arthropathy tooth flare flares meds medication treatment""".split()
)
# Letters that are said one by one and are no name and no number.
ABBREVIATIONS: Final = frozenset(
    """inr psa mri ct pt ot er icu cc ccs mg ml ekg ecg iv hr bp copd uti dvt tv us pm am dob mrn ssn gps cpap picc acl
    ibs lpn rn md np pa do ems va ed cbc bmp bun gfr egfr tsh ldl hdl ac hbac aonec tb hiv hpv ms als ptsd adhd cva
    tia chf gi gu ob gyn obgyn ent ptt gerd mrsa uv pcp cna hmo ppo eob id pin atm usa uk nyc la dc po box ups cvs
    ach eft faq tpn npo bid tid qid prn otc or bm bms pe ad afib sob nsaid cabg pet ra dna rna co io oj tlc asap fyi
    ok diy er's abc abcs abs com edu org net gov aol att vip xl hd dvd cd pc fm ddd""".split()
)

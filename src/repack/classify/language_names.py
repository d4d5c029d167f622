"""Tables behind `languages`: what CLDR, Windows, Inno Setup and NSIS call a language.

Codes are lower case and names are folded (no accents, no case, no blanks). To renew CLDR_BASE_LANGUAGES, take
the first subtags of `babel.localedata.locale_identifiers()` (here those of babel 2.18), then renew cldr_names.tsv.
"""

import unicodedata
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    """Read words of the form `key=value` into a table."""
    return dict(row.split("=") for row in text.split())


# Being valid under ISO 639-3 proves nothing (bin, lib, res and doc are languages); being in CLDR nearly does.
CLDR_BASE_LANGUAGES: Final = _words(
    """
    aa ab af agq ak am an ann apc ar arn as asa ast az ba bal bas be bem bew bez bg bgc bgn bho blo blt bm
    bn bo br brx bs bss byn ca cad cch ccp ce ceb cgg cho chr cic ckb co cop cs csw cu cv cy da dav de dje
    doi dsb dua dv dyo dz ebu ee el en eo es et eu ewo fa ff fi fil fo fr frr fur fy ga gaa gd gez gl gn
    gsw gu guz gv ha haw he hi hnj hr hsb ht hu hy ia id ie ig ii io is it iu ja jbo jgo jmc jv ka kaa kab
    kaj kam kcg kde kea ken kgp khq ki kk kkj kl kln km kn ko kok kpe ks ksb ksf ksh ku kw kxv ky la lag
    lb lg lij lkt lld lmo ln lo lrc lt ltg lu luo luy lv mai mas mdf mer mfe mg mgh mgo mhn mi mic mk ml
    mn mni moh mr ms mt mua mus my myv mzn naq nb nd nds ne nl nmg nn nnh no nqo nr nso nus nv ny nyn oc
    om or os osa pa pap pcm pis pl prg ps pt qu quc raj rhg rif rm rn ro rof ru rw rwk sa sah saq sat sbp
    sc scn sd sdh se seh ses sg shi shn si sid sk skr sl sma smj smn sms sn so sq sr ss ssy st su sv sw
    syr szl ta te teo tg th ti tig tk tn to tok tpi tr trv trw ts tt twq tyv tzm ug uk ur uz vai ve vec vi
    vmw vo vun wa wae wal wbp wo xh xnr xog yav yi yo yrl yue za zgh zh zu
    """
)

# ISO 639-2 codes that a folder on a disc means otherwise: Apple, a processor, "execute", views and volumes.
NEVER_CODES: Final = _words("mac arm run cor sag vol")

# Folded language names that are rather something else: a font's script, metadata, ...
NEVER_NAMES: Final = _words("latin latino meta mongol corse corso persa manes sena nama bena blin fines")

# Language codes that mean something else as often: DICOM modalities and folders, English words, countries,
# names seen in real packages (ce, ie, tk, sh), abbreviations of radiology and computing.
DOUBTFUL_CODES: Final = _words(
    """
    ar as cs es fa gm io ko mg mr ms pa ps pt sc se sr st sg tg am an be bg ca co ee el ff gl he ia id in
    is it mo my no or os sd sh so te th to tr ts ua vi ce ie tk cn cz dk gr jp kr
    ann are ark asa ast bal bas ben cat ccp che cho chr cop cos dan dav dec del des div dua dyo enc ens
    esa esc est far fas fil fin frm ful fur geo ger hat ice ina ind its jam kab kal kam kan kas kat ken
    kin kor lag lao lat lin lit lub mai mal mar mas may mer mic mon mua mus nav non nor nus oss pan pap
    pcm per pis pol por raj rom ron rum san sas sat ses sid sin sky sma sms sna som sot sun tam tat tel
    teo tig tir tok ton tur tyv vai vec ven vie vit wae wal wel wol
    """
)

# The regions of a language, where they are more than one: all that CLDR has for the doubtful codes, so that
# `MR-SE` and `to-do` are no locales; the frequent ones where names carry country codes (Chinese_TW).
USUAL_REGIONS: Final = {
    "ar": _words("AE BH DJ DZ EG EH ER IL IQ JO KM KW LB LY MA MR OM PS QA SA SD SO SS SY TD TN YE"),
    "ca": _words("AD ES FR IT"),
    "de": _words("AT BE CH DE LI LU"),
    "el": _words("CY GR"),
    "en": _words("AU CA GB IE IN NZ US ZA"),
    "es": _words("AR BO BR BZ CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PH PR PY SV US UY VE"),
    "fa": _words("AF IR"),
    "fr": _words("BE CA CH FR LU"),
    "it": _words("CH IT SM VA"),
    "ko": _words("CN KP KR"),
    "ms": _words("BN ID MY SG"),
    "nl": _words("BE NL"),
    "pa": _words("IN PK"),
    "ps": _words("AF PK"),
    "pt": _words("AO BR CH CV GQ GW LU MO MZ PT ST TL"),
    "sd": _words("IN PK"),
    "se": _words("FI NO SE"),
    "so": _words("DJ ET KE SO"),
    "sr": _words("BA ME RS XK"),
    "st": _words("LS ZA"),
    "tr": _words("CY TR"),
    "zh": _words("CN HK MO SG TW"),
}

# `SE-001` is the first series, not Northern Sami for the world: number regions only with these languages.
NUMBER_REGIONS: Final = {"419": {"es"}, "001": {"ar", "en"}, "150": {"en"}, "029": {"en"}}

# Regions that CLDR puts between a country and the bare language (parentLocales): children by language and
# parent, nearer parents first.
REGION_PARENTS: Final = {
    ("es", "419"): _words("AR BO BR BZ CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE"),
    ("pt", "PT"): _words("AO CH CV FR GQ GW LU MO MZ ST TL"),
    ("zh", "HK"): _words("MO"),
    ("en", "150"): _words("AT BE CH CZ DE DK ES FI FR HU IT NL NO PL PT RO SE SI SK"),
    ("en", "001"): _words(
        """
        150 AG AI AU BB BM BS BW BZ CC CK CM CX CY DG DM ER FJ FK FM GB GD GG GH GI GM GS GY HK ID IE IL
        IM IN IO JE JM KE KI KN KY LC LR LS MG MO MS MT MU MV MW MY NA NF NG NR NU NZ PG PK PN PW RW SB SC
        SD SG SH SL SS SX SZ TC TK TO TT TV TZ UG VC VG VU WS ZA ZM ZW
        """
    ),
}

# Codes beside ISO 639-1 and 639-2: three letters of Windows (LOCALE_SABBREVLANGNAME; arb, arg, est and eng
# stay ISO), members of macrolanguages, country codes used for a language.
CODE_ALIASES: Final = _pairs(
    """
    enu=en-US ena=en-AU enc=en-CA enz=en-NZ eni=en-IE ens=en-ZA esp=es esn=es-ES esm=es-MX esg=es-GT
    esc=es-CR esa=es-PA esd=es-DO esv=es-VE eso=es-CO esr=es-PE ess=es-AR esf=es-EC esl=es-CL esy=es-UY
    esz=es-PY esb=es-BO ese=es-SV esh=es-HN esi=es-NI esu=es-PR des=de-CH dea=de-AT del=de-LU dec=de-LI
    frb=fr-BE frc=fr-CA frs=fr-CH frl=fr-LU frm=fr-MC its=it-CH nlb=nl-BE ptb=pt-BR ptg=pt-PT chs=zh-Hans
    cht=zh-Hant zhh=zh-HK zhi=zh-SG zhm=zh-MO svf=sv-FI non=nn-NO plk=pl csy=cs sky=sk trk=tr ari=ar-IQ
    are=ar-EG arl=ar-LY aro=ar-OM ary=ar-YE arj=ar-JO ark=ar-KW aru=ar-AE arh=ar-BH arq=ar-QA vit=vi
    msl=ms bgr=bg rom=ro srl=sr-Latn srb=sr-Cyrl lth=lt lvi=lv eti=et far=fa glc=gl mki=mk sve=sv cmn=zh
    arb=ar pes=fa zsm=ms ekk=et lvs=lv kmr=ku khk=mn npi=ne ory=or cn=zh-CN cz=cs dk=da gr=el jp=ja kr=ko
    ua=uk
    """
)

# Bases in `locale.windows_locale` that are no ISO 639 code of the language meant.
BASE_CORRECTIONS: Final = _pairs("wen=hsb kh=km ns=nso quz=qu qut=quc gbz=prs")

# Where `locale.windows_locale` loses the script, names an impossible region or has no entry ([MS-LCID]).
LCID_CORRECTIONS: Final = {
    0x0004: "zh-Hans", 0x0014: "no", 0x001A: "hr", 0x7C04: "zh-Hant",
    0x7814: "nn", 0x7C14: "nb", 0x081A: "sr-Latn-RS", 0x0C1A: "sr-Cyrl-RS",
    0x181A: "sr-Latn-BA", 0x1C1A: "sr-Cyrl-BA", 0x201A: "bs-Cyrl-BA", 0x241A: "sr-Latn-RS",
    0x281A: "sr-Cyrl-RS", 0x2C1A: "sr-Latn-ME", 0x301A: "sr-Cyrl-ME", 0x641A: "bs-Cyrl",
    0x681A: "bs", 0x6C1A: "sr-Cyrl", 0x701A: "sr-Latn", 0x781A: "bs",
    0x7C1A: "sr", 0x082C: "az-Cyrl-AZ", 0x0843: "uz-Cyrl-UZ", 0x0850: "mn-Mong-CN",
    0x0851: "dz-BT", 0x045F: "tzm-Arab-MA", 0x085F: "tzm-DZ", 0x2009: "en-JM",
    0x2409: "en-029", 0x380A: "es-UY", 0x580A: "es-419",
}  # fmt: skip

# Two ways to write one language: whoever reads the one reads the other rather than a third.
SAME_LANGUAGE: Final = {"nb": "no", "nn": "no"}

SUBTAG_ALIASES: Final = _pairs(
    """
    latin=latn cyrillic=cyrl arabic=arab devanagari=deva chs=hans cht=hant uk=gb
    """
)
IGNORED_SUBTAGS: Final = _words("euro valencia")  # de_DE@euro, ca@valencia
REGION_CORRECTIONS: Final = {("es", "LA"): "419", ("sr", "SP"): "RS", ("sr", "CS"): "RS", ("sr", "YU"): "RS"}

# Names of whole tags, besides those that CLDR has (cldr_names.tsv).
NAME_ALIASES: Final = _pairs(
    """
    kirghiz=ky farsi=fa dari=fa-AF flemish=nl-BE moldavian=ro-MD moldovan=ro-MD valencian=ca
    castilian=es castellano=es bokmal=nb nynorsk=nn scotsgaelic=gd scottishgaelic=gd gaelic=gd
    irishgaelic=ga mandarin=zh slovene=sl byelorussian=be bengali=bn oriya=or panjabi=pa uighur=ug
    azeri=az euskera=eu tagalog=fil serbocroatian=sr-Latn sinhalese=si cambodian=km laotian=lo pushto=ps
    faeroese=fo greenlandic=kl letzeburgesch=lb cibemba=bem kirgiz=ky kazak=kk belorussian=be
    rhaetoromance=rm  swissgerman=de-CH simpchinese=zh-Hans tradchinese=zh-Hant schinese=zh-Hans
    tchinese=zh-Hant brazilian=pt-BR latam=es-419 bahasa=id bahasaindonesia=id bahasamelayu=ms melayu=ms
    kurdi=ku srpski=sr-Latn russkij=ru russkiy=ru ellinika=el nihongo=ja 简体中文=zh-Hans 繁體中文=zh-Hant
    繁体中文=zh-Hant 简体=zh-Hans 繁體=zh-Hant franzoesisch=fr tuerkisch=tr niederlaendisch=nl
    hollaendisch=nl daenisch=da rumaenisch=ro islaendisch=is
    """
)

# What stands beside a language name: adjectives of countries and other names of them.
REGION_NAMES: Final = _pairs(
    """
    yemeni=YE saudi=SA egyptian=EG iraqi=IQ jordanian=JO lebanese=LB kuwaiti=KW omani=OM qatari=QA
    bahraini=BH emirati=AE syrian=SY libyan=LY tunisian=TN algerian=DZ moroccan=MA sudanese=SD
    palestinian=PS brazilian=BR mexican=MX argentinian=AR argentine=AR colombian=CO chilean=CL peruvian=PE
    venezuelan=VE british=GB american=US australian=AU canadian=CA swiss=CH austrian=AT belgian=BE
    taiwanese=TW iberian=PT latinamerican=419 latinamerica=419 usa=US us=US uk=GB greatbritain=GB uae=AE
    prc=CN hongkong=HK hongkongsar=HK macau=MO macao=MO czechrepublic=CZ macedonia=MK turkey=TR korea=KR
    bosnia=BA holland=NL easttimor=TL
    """
)
SCRIPT_NAMES: Final = _pairs(
    """
    latin=Latn latn=Latn cyrillic=Cyrl cyrl=Cyrl devanagari=Deva simplified=Hans simp=Hans hans=Hans
    traditional=Hant trad=Hant hant=Hant
    """
)
# Beside a language name without changing the tag: NSIS's SpanishInternational, Windows' sort orders.
EMPTY_QUALIFIERS: Final = _words("international modern modernsort internationalsort neutral standard")

# Folders of languages that are named in a language, and what English is called in it: the makers of such a program
# speak that language, and the program may fall back to it. Some words are of two languages.
FOLDERS_NAMED_IN: Final = {
    "sprache": "de", "sprachen": "de", "sprachdateien": "de", "langue": "fr", "langues": "fr", "idioma": "es pt",
    "idiomas": "es pt", "lingua": "it pt", "lingue": "it",
}  # fmt: skip
ENGLISH_NAMED_IN: Final = {
    "englisch": "de", "anglais": "fr", "ingles": "es pt", "inglese": "it", "engels": "nl", "engelsk": "da nb no",
    "engelska": "sv", "englanti": "fi", "angielski": "pl", "anglicky": "cs sk", "anglictina": "cs sk", "angol": "hu",
}  # fmt: skip

# Letters that Unicode does not decompose into a plain one and an accent.
PLAIN_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "æ": "ae",
        "œ": "oe",
        "&": " and ",
    }
)

# What a program falls back to, whatever the wish.
FALLBACK_NAMES: Final = _words("neutral default base invariant common root und c posix x-default en-us-posix")


def fold(name: str) -> str:
    """Drop accents, case, blanks and punctuation."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if letter.isalnum())

"""What the keys of ``CHARACTER_KEYS`` type in each layout, row by row.

Made by ``tools/make_layout_tables.py`` from xkeyboard-config 2.35.1; do not edit. ``dead`` lists the keys that are
an accent, with the character they type when Space follows.
"""

from collections.abc import Mapping
from typing import Final

NONE: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for a key without a character."""

VERSION: Final = "2.35.1"
"""The xkeyboard-config these tables are from."""

WITHOUT_CAPS_LOCK: Final = frozenset({"jp"})
"""The layouts in which the key of that name does something else."""

TABLES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "us": {
        "plain": ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", "<zxcvbnm,./", "�� ", "/*-+=.."),
        "shift": ("~!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"|', ">ZXCVBNM<>?", "�� ", "/*-+=�."),
        "dead": (),
    },
    "gb": {
        "plain": ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'#", "\\zxcvbnm,./", "�� ", "/*-+=.."),
        "shift": ('¬!"£$%^&*()_+', "QWERTYUIOP{}", "ASDFGHJKL:@~", "|ZXCVBNM<>?", "�� ", "/*-+=�."),
        "altgr": ("|¹²³€½¾{[]}\\�", "@ſe¶ŧ←↓→øþ��", "æßðđŋħ�ĸł���", "|«»¢„“”µ•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("|¡⅛£¼⅜⅝⅞™±°¿�", "Ω§E®Ŧ¥↑ıØÞ��", "ÆẞÐªŊĦ�&Ł���", "¦<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": ("altgr KEY_RIGHTBRACE ~", "altgr KEY_APOSTROPHE ^", "altgr KEY_BACKSLASH `"),
    },
    "de": {
        "plain": ("�1234567890ß�", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-", "�� ", "/*-+=,."),
        "shift": ('°!"§$%&/()=?�', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("′¹²³¼½¬{[]}\\�", "@ſ€¶ŧ←↓→øþ�~", "æſðđŋħ�ĸł��’", "|»«¢„“”µ·…–", "�� ", "/*-+=,."),
        "altgr+shift": ("″¡⅛£¤⅜⅝⅞™±°¿�", "Ω§€®Ŧ¥↑ıØÞ�¯", "ÆẞÐªŊĦ�&Ł���", "�›‹©‚‘’º×÷—", "�� ", "/*-+=�."),
        "dead": ("plain KEY_GRAVE ^", "shift KEY_EQUAL `", "altgr KEY_APOSTROPHE ^"),
    },
    "ch": {
        "plain": ("§1234567890'�", "qwertzuiopü�", "asdfghjklöä$", "<yxcvbnm,.-", "�� ", "/*-+=.."),
        "shift": ('°+"*ç%&/()=?�', "QWERTZUIOPè!", "ASDFGHJKLéà£", ">YXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("¬|@#¼½¬|¢]}��", "@ſ€¶ŧ←↓→œþ[]", "æßðđŋħ�ĸł�{}", "\\«»¢„“”µ•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("¬¡⅛£$⅜⅝⅞™±°¿�", "Ω§E®Ŧ¥↑ıŒÞ��", "ÆẞÐªŊĦ�&Ł���", "¦<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": ("plain KEY_EQUAL ^", "shift KEY_EQUAL `", "altgr KEY_EQUAL ~"),
    },
    "fr": {
        "plain": ("²&é\"'(-è_çà)=", "azertyuiop�$", "qsdfghjklmù*", "<wxcvbn,;:!", "�� ", "/*-+=.."),
        "shift": ("~1234567890°+", "AZERTYUIOP�£", "QSDFGHJKLM%µ", ">WXCVBN?./§", "�� ", "/*-+=�."),
        "altgr": ("¬¹~#{[|`\\^@]}", "æ«€¶ŧ←↓→øþ�¤", "@ßðđŋħ�ĸłµ��", "|ł»¢„“”�•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("¬¡⅛£$⅜⅝⅞™±°¿�", "Æ<¢®Ŧ¥↑ıØÞ��", "ΩẞÐªŊĦ�&Łº��", "¦Ł>©‚‘’�×÷�", "�� ", "/*-+=�."),
        "dead": ("plain KEY_LEFTBRACE ^", "altgr KEY_APOSTROPHE ^", "altgr KEY_BACKSLASH `"),
    },
    "be": {
        "plain": ("²&é\"'(§è!çà)-", "azertyuiop�$", "qsdfghjklmùµ", "<wxcvbn,;:=", "�� ", "/*-+=.."),
        "shift": ("³1234567890°_", "AZERTYUIOP�*", "QSDFGHJKLM%£", ">WXCVBN?./+", "�� ", "/*-+=�."),
        "altgr": ("¬|@#¼½^{[{}\\�", "@ſ€¶ŧ←↓→œþ[]", "æßðđŋħ�ĸł���", "\\«»¢„“”�•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("¬¡⅛£$⅜⅝⅞™±°¿�", "Ω§¢®Ŧ¥↑ıŒÞ��", "ÆẞÐªŊĦ�&Ł���", "\\<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": ("plain KEY_LEFTBRACE ^", "altgr KEY_BACKSLASH `", "altgr KEY_SLASH ~"),
    },
    "it": {
        "plain": ("\\1234567890'ì", "qwertyuiopè+", "asdfghjklòàù", "<zxcvbnm,.-", "�� ", "/*-+=.."),
        "shift": ('|!"£$%&/()=?^', "QWERTYUIOPé*", "ASDFGHJKLç°§", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("¬¹²³¼½¬{[]}`~", "@ſ€¶ŧ←↓→øþ[]", "æßðđŋħ�ĸł@#�", "««»¢“”ñµ�·�", "�� ", "/*-+=.."),
        "altgr+shift": ("¦¡��⅛⅜⅝⅞™±�¿�", "Ω§¢®Ŧ¥↑ıØÞ{}", "ÆẞÐªŊĦ�&Ł���", "»<>©‘’Ñº×�÷", "�� ", "/*-+=�."),
        "dead": ("altgr KEY_BACKSLASH `", "altgr+shift KEY_3 ~", "altgr+shift KEY_EQUAL ^"),
    },
    "es": {
        "plain": ("º1234567890'¡", "qwertyuiop�+", "asdfghjklñ�ç", "<zxcvbnm,.-", "�� ", "/*-+=.."),
        "shift": ('ª!"·$%&/()=?¿', "QWERTYUIOP�*", "ASDFGHJKLÑ�Ç", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("\\|@#~½¬{[]}\\�", "@ſ€¶ŧ←↓→øþ[]", "æßðđŋħ�ĸł�{}", "|«»¢„“”µ•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("\\¡⅛£$⅜⅝⅞™±°¿�", "Ω§¢®Ŧ¥↑ıØÞ��", "ÆẞÐªŊĦ�&Ł���", "¦<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": ("plain KEY_LEFTBRACE `", "shift KEY_LEFTBRACE ^", "altgr KEY_SEMICOLON ~"),
    },
    "pt": {
        "plain": ("\\1234567890'«", "qwertyuiop+�", "asdfghjklçº�", "<zxcvbnm,.-", "�� ", "/*-+=.."),
        "shift": ('|!"#$%&/()=?»', "QWERTYUIOP*�", "ASDFGHJKLÇª�", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("¬¹@£§½¬{[]}\\�", "@ſ€¶ŧ←↓→øþ��", "æßðđŋħ�ĸł���", "\\«»¢„“”µ•·�", "�� ", "/*-+=.."),
        "altgr+shift": ("¬¡⅛£$⅜⅝⅞™±°¿�", "Ω§¢®Ŧ¥↑ıØÞ��", "ÆẞÐªŊĦ�&Ł���", "\\<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": (
            "plain KEY_BACKSLASH ~",
            "shift KEY_RIGHTBRACE `",
            "shift KEY_BACKSLASH ^",
            "altgr KEY_RIGHTBRACE ~",
            "altgr KEY_APOSTROPHE ^",
            "altgr KEY_BACKSLASH `",
        ),
    },
    "se": {
        "plain": ("§1234567890+�", "qwertyuiopå�", "asdfghjklöä'", "<zxcvbnm,.-", "�� ", "/*-+=,."),
        "shift": ('½!"#¤%&/()=?�', "QWERTYUIOPÅ�", "ASDFGHJKLÖÄ*", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("¶¡@£$€¥{[]}\\±", "@ſ€®þ←↓→œþ��", "ªßðđŋħ�ĸłøæ´", "|«»©„“”µ�·�", "�� ", "/*-+=,."),
        "altgr+shift": ("¾¹²³¼¢⅝÷«»°¿¬", "Ω§¢®Þ¥↑ıŒÞ��", "ºẞÐªŊĦ�&ŁØÆ×", "¦<>©‚‘’º���", "��\xa0", "/*-+=�."),
        "dead": ("shift KEY_EQUAL `", "shift KEY_RIGHTBRACE ^", "altgr KEY_RIGHTBRACE ~"),
    },
    "fi": {
        "plain": ("§1234567890+�", "qwertyuiopå�", "asdfghjklöä'", "<zxcvbnm,.-", "�� ", "/*-+=,."),
        "shift": ('½!"#¤%&/()=?�', "QWERTYUIOPÅ�", "ASDFGHJKLÖÄ*", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("��@£$‰‚{[]}\\�", "qw€rþyuıœ���", "əßðfghjĸ�øæ�", "|ʒ×cvbŋµ’�–", "�� ", "/*-+=,."),
        "altgr+shift": ("�¡”»«“„�<>°¿�", "QW�RÞYU|Œ���", "ƏẞÐFGHJ��ØÆ�", "¦Ʒ·CVBŊ—‘��", "��\u202f", "/*-+=�."),
        "dead": ("shift KEY_EQUAL `", "shift KEY_RIGHTBRACE ^", "altgr KEY_RIGHTBRACE ~"),
    },
    "dk": {
        "plain": ("½1234567890+�", "qwertyuiopå�", "asdfghjklæø'", "<zxcvbnm,.-", "�� ", "/*-+=,."),
        "shift": ('§!"#¤%&/()=?�', "QWERTYUIOPÅ�", "ASDFGHJKLÆØ*", ">ZXCVBNM;:_", "�� ", "/*-+=�."),
        "altgr": ("¾¡@£$½¥{[]}±|", "@ſ€®þ←↓→œþ��", "ªßðđŋħ�ĸł���", "\\«»©„“”µ�·�", "�� ", "/*-+=,."),
        "altgr+shift": ("¶¹²³¼¢⅝÷«»°¿¦", "Ω§¢®Þ¥↑ıŒÞ��", "ºẞÐªŊĦ�&Ł��×", "¬<>©‚‘’º���", "�� ", "/*-+=�."),
        "dead": ("shift KEY_EQUAL `", "shift KEY_RIGHTBRACE ^", "altgr KEY_RIGHTBRACE ~", "altgr KEY_APOSTROPHE ^"),
    },
    "no": {
        "plain": ("|1234567890+\\", "qwertyuiopå�", "asdfghjkløæ'", "<zxcvbnm,.-", "�� ", "/*-+=,."),
        "shift": ('§!"#¤%&/()=?�', "QWERTYUIOPÅ�", "ASDFGHJKLØÆ*", ">ZXCVBNM;:_", "�� ", "∕⋅−+=�."),
        "altgr": ("¦¡@£$½¥{[]}±�", "@ſ€®þ←↓→œπ��", "ªßðđŋħ�ĸł���", "½«»©„“”µ�…–", "��\xa0", "÷×−+=,."),
        "altgr+shift": ("¶¹²³¼‰⅝÷«»°¿¬", "Ω§¢™Þ¥↑ıŒΠ��", "ºẞÐªŊĦ�&Ł��×", "¾<>©‚‘’º�·—", "��\u202f", "����=�."),
        "dead": ("shift KEY_EQUAL `", "shift KEY_RIGHTBRACE ^", "altgr KEY_RIGHTBRACE ~", "altgr KEY_APOSTROPHE ^"),
    },
    "pl": {
        "plain": ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", "<zxcvbnm,./", "�� ", "/*-+=,."),
        "shift": ("~!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"|', ">ZXCVBNM<>?", "�� ", "/*-+=�."),
        "altgr": ("¬≠²³¢€½§·«»–�", "πœę©ß←↓→óþ��", "ąśðæŋ’ə…ł���", "|żźć„”ńµ≤≥�", "��\xa0", "/*-+=,."),
        "altgr+shift": ("∨¡¿£¼‰∧≈¾±°—�", "ΩŒĘ®™¥↑↔ÓÞ��", "ĄŚÐÆŊ•Ə�Ł���", "¦ŻŹĆ‘“Ń∞×÷�", "��\xa0", "/*-+=�."),
        "dead": ("altgr KEY_RIGHTBRACE ~", "altgr KEY_APOSTROPHE ^", "altgr KEY_BACKSLASH `"),
    },
    "cz": {
        "plain": (";+ěščřžýáíé=�", "qwertzuiopú)", "asdfghjklů§�", "\\yxcvbnm,.-", "�� ", "/*-+=.."),
        "shift": ("�1234567890%�", "QWERTZUIOP/(", "ASDFGHJKL\"!'", "|YXCVBNM?:_", "�� ", "/*-+=�."),
        "altgr": ("`!@#$%^&*{}\\�", "\\|€¶ŧ←↓→øþ[]", "~đĐ[]`'łŁ$'\\", "/°#&@{}^<>*", "�� ", "/*-+=.."),
        "altgr+shift": ("~������������", "Ω§E®Ŧ¥↑ıØÞ÷×", "ÆẞÐªŊĦ�&Ł�ß|", "¦<>©‚‘’º×÷�", "�� ", "/*-+=�."),
        "dead": ("altgr+shift KEY_1 ~", "altgr+shift KEY_3 ^", "altgr+shift KEY_7 `"),
    },
    "tr": {
        "plain": ('"1234567890*-', "qwertyuıopğü", "asdfghjklşi,", "<zxcvbnmöç.", "�� ", "/*-+=,."),
        "shift": ("é!'^+%&/()=?_", "QWERTYUIOPĞÜ", "ASDFGHJKLŞİ;", ">ZXCVBNMÖÇ:", "�� ", "/*-+=�."),
        "altgr": ("<>£#$½¾{[]}\\|", "@�€¶₺←ûîô��~", "âß�ª�����´'`", "|«»¢„“”µ×·�", "�� ", "/*-+=,."),
        "altgr+shift": ("°¡²³¼⅜���±°¿�", "Ω��®�¥ÛÎÔ���", "Â�����������", "¦<>©‚‘’º�÷�", "�� ", "/*-+=�."),
        "dead": ("altgr+shift KEY_BACKSLASH `",),
    },
    "jp": {
        "plain": ("�1234567890-^", "qwertyuiop@[", "asdfghjkl;:]", "<zxcvbnm,./", "\\\\ ", "/*-+=.."),
        "shift": ("�!\"#$%&'()~=~", "QWERTYUIOP`{", "ASDFGHJKL+*}", ">ZXCVBNM<>?", "_| ", "/*-+=�."),
        "dead": (),
    },
    "ca": {
        "plain": ("#1234567890-=", "qwertyuiop��", "asdfghjkl;�<", "«zxcvbnm,.é", "�� ", "/*-+=.."),
        "shift": ('|!"/$%?&*()_+', "QWERTYUIOP��", "ASDFGHJKL:�>", "»ZXCVBNM'.É", "�� ", "/*-+=�."),
        "altgr": ("\\±@£¢¤¬¦²³¼½¾", "qwertyui§¶[]", "asdfghjkl~{}", "°zxcvbnµ¯\xad�", "��\xa0", "/*-+=.."),
        "altgr+shift": ("�������������", "QWERTYUI����", "ASDFGHJKL���", "¦ZXCVBN����", "���", "/*-+=�."),
        "dead": ("plain KEY_LEFTBRACE ^", "plain KEY_APOSTROPHE `", "shift KEY_LEFTBRACE ^", "shift KEY_APOSTROPHE `"),
    },
    "br": {
        "plain": ("'1234567890-=", "qwertyuiop�[", "asdfghjklç�]", "\\zxcvbnm,.;", "/� ", "/*-+=,."),
        "shift": ('"!@#$%�&*()_+', "QWERTYUIOP�{", "ASDFGHJKLÇ�}", "|ZXCVBNM<>:", "?� ", "/*-+=�."),
        "altgr": ("¬¹²³£¢¬{[]}\\§", "/?°®ŧ←↓→øþ´ª", "æßðđŋħ�ĸł�~º", "�«»©„“”µ•·�", "°� ", "/*-+=,."),
        "altgr+shift": ("¬¡½¾¼⅜¨⅞™±°¿�", "/?°®Ŧ¥↑ıØÞ`�", "ÆẞÐªŊĦ�&Ł�^º", "�<>©‚‘’µ×÷�", "¿� ", "/*-+=�."),
        "dead": ("plain KEY_APOSTROPHE ~", "shift KEY_LEFTBRACE `", "shift KEY_APOSTROPHE ^"),
    },
    "us-intl": {
        "plain": ("�1234567890-=", "qwertyuiop[]", "asdfghjkl;�\\", "\\zxcvbnm,./", "�� ", "/*-+=.."),
        "shift": ("�!@#$%�&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:�|", "|ZXCVBNM<>?", "�� ", "/*-+=�."),
        "altgr": ("`¡²³¤€¼½¾‘’¥×", "äåé®þüúíóö«»", "áßðfghjœø¶'¬", "\\æx©vbñµç�¿", "�� ", "/*-+=.."),
        "altgr+shift": ("~¹��£�^�����÷", "ÄÅÉ®ÞÜÚÍÓÖ“”", 'Á§ÐFGHJŒØ°"¦', "|ÆX¢VBÑµÇ��", "�� ", "/*-+=�."),
        "dead": (
            "plain KEY_GRAVE `",
            "plain KEY_APOSTROPHE '",
            "shift KEY_GRAVE ~",
            "shift KEY_6 ^",
            'shift KEY_APOSTROPHE "',
        ),
    },
}

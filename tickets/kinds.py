"""Which of the six types a matter is: what the citizen says he does, else what it sounds like. Pure."""

import re

from tickets.lexicon import word_list

_LINE = re.compile(r"(?:打|拨打)?(?:咨询|投诉|举报|建议)?(?:电话|热线)")
_SELF = re.compile(
    r"(?:我|俺)?(?:们)?(?:今天|就是|这次)?(?:是)?(?:要|想|来|得|打电话|在这|再|实名|必须|"
    r"想要|需要)+(?:跟你们?|向你们?|给你们?|打电话)?(?P<what>投诉|举报|表扬|建议|咨询|"
    r"求助)"
)
_PRAISE = re.compile(
    r"表扬|锦旗|点赞|点个赞|感谢信|(?:非常|特别|太|真是|真的|很|十分|衷心)(?:的|"
    r"得)?感谢(?!您的)|(?:说|道)(?:声|个|一?声)?谢谢?|感谢(?:政府|你们帮|他们|社区|咱们|那个|这位|一下)|好人好事|值得(?:表扬|"
    r"学习)|夸一?夸"
)
_IDEA = re.compile(
    r"建议|提(?:一?个|点|条)(?:小)?(?:意见|想法|建议)|(?:能不能|能否|可不可以|是不是可以|"
    r"是否可以|希望(?:能|可以|咱们|你们|政府|市里|公交)*)(?:再|在|给|"
    r"多)?[^,，。]{0,12}(?:增设|增加|增开|加装|加个|加一|安装|多设|设置|设一?个|延长|优化|"
    r"开通|改成|推广|完善|规划|(?:建|盖|修|设|装|划|开)(?:一|个|上|几|两)|加(?:几|一|点|个|长)|调整|调一调|错开|加密|多(?:发|开|派|放)(?:几|一)|增派)"
)
_REPORT = re.compile(
    r"举报|(?:非法|无证|无照|黑作坊|偷排|偷着排|偷倒|违法|盗采|偷税|赌博|聚众赌|卖淫|传销|"
    r"贪污|贿选|贩卖|私自屠宰|假烟|套牌|酒驾|黑诊所|非法集资)|"
    r"(?:看见|看到|发现)有?(?:个|人|辆|车|一)[^,，。]{0,16}(?:倒|偷|埋|排)|"
    r"忽悠(?:着)?(?:老人|老年)|来了(?:一|几)?(?:帮|伙|群|个)(?:人)?[^,，。]{0,6}(?:卖|骗|推销|收)[^,，。]{0,6}(?:保健|床垫|假|药|老人)"
)
_QUESTION = re.compile(
    r"请问|咨询|(?:想|来)问|问(?:一下|下|问|个)|打听|了解(?:一下|下)|想知道|怎么(?:办理|"
    r"申请|报销|领|交|缴|提取|转|查|补办|弄|走|报名|办(?!呢|啊|$)|收费|算|预约|备案|开)|"
    r"(?:需要|要|带|准备)(?:什么|哪些|啥)(?:材料|手续|条件|证件|资料)|什么(?:条件|材料|"
    r"手续|流程|政策|标准)|在哪(?:里|儿)?(?:办|交|领|打|申请|报名)|去哪(?:里|儿)?(?:办|交|"
    r"领|打|申请|报名)|多少钱|是多少|有没有(?:补贴|政策|规定|优惠|电话)|能不能(?:报销|办|"
    r"领|提|补|用|申请|报)|可以(?:报销|办理|申请|提取|领|报)(?:吗|么)|什么时候(?:发|开始|"
    r"能办|报名|供暖|上涨|到账|开通)|几点(?:上班|下班|开门)|上班(?:吗|时间)|符合(?:条件|"
    r"不符合)|够不够条件|流程"
)
_NO_COMPLAINT = re.compile(r"(?:不是|不|没)(?:来|要|想|说)?(?:要|想)?(?:投诉|举报)")
_ASKED_OTHERS = re.compile(
    r"问(?:了|过|问)?(?:他|她|人家|物业|村里|医院|学校|老板|商家|店家|客服|窗口|单位|开发商|售楼处|社区|镇上)们?[^,，。]{0,12}"
)
"""A question that was put to somebody else is told, not asked."""
_TROUBLE = re.compile(
    r"坏了|不亮|漏(?:水|雨|气|电)|堵(?:了|住|死)|没人(?:管|修|打扫|清理|处理|来)|"
    r"没有人(?:管|修|打扫|清理|处理)|不管|不修|不给|不退|不处理|拖欠|欠|太吵|吵得|噪音|"
    r"睡不着|臭|熏|脏|乱|停[^,，。]{0,4}(?:水|电|暖|气)了?|没(?:水|电|来水|来电)|不热|危险|塌|破|污|"
    r"影响|扰民|态度|推诿|骗|乱收费|积水|掉(?:了|下)|占(?:了|用|道)|开裂|渗水|一直没|还没|"
    r"至今|到现在"
)
_BLAME = re.compile(
    r"态度|推诿|踢皮球|不作为|敷衍|乱收费|不给退|不退|不退款|欺骗|骗|虚假|扰民|噪音|太吵|"
    r"吵得|吵死|油烟|占道|违规|擅自|私自|霸占|不认账|跑路|关门(?:了|跑)|强制|拒载|宰客|"
    r"过期|假货|质量|体罚|打骂|打(?:学生|孩子)|不讲理|不管不问|收了钱|涨价|太贵|没人管|"
    r"不管|臭|熏|乱停|乱放|乱扔|乱倒|不合理|捆绑|推卸|不履行|违约|逾期"
)
_HELP = re.compile(
    r"求助|帮帮|帮我|帮忙|救|帮一下|给.{0,3}(?:解决|处理|修)|想(?:请|让)(?:你们|咱)|"
    r"能不能(?:派人|来人|给|帮)|尽快|赶紧|赶快|什么时候能(?:修|来|好|解决)|给俺?们?做主"
)
_GRIEVANCE = re.compile(
    r"不承认|不给(?:解决|处理|换|修|办|说法|钱|退|补)|硬(?:说|是|把|要)|非(?:要|让|得|叫)|糊弄|骂|凶|吼|"
    r"不理人|爱答不理|爱理不理|推给|推来推去|找谁谁|没个说法|光收(?:钱|费)|收着钱|收了(?:钱|费|全款)|说好|"
    r"当时(?:说|答应)|结果|承诺|不兑现|说话不算|拉黑|删了|锁着|一直拖|拖着|就是不|根本(?:不|没)|压根|从来(?:不|没)|"
    r"凭什么|太过分|欺负|坑人|气人|讲理|多收|乱要|找(?:他|她|它|物业|老板|村里|商家|店家).{0,10}(?:不|没)|"
    r"回来反而|不让(?:用|进|走)|难听|找不着人|一边[看玩]手机|[看玩]着手机|损失谁赔|谁来?赔|说没(?:问题|事|毛病)就?走|每次来|来了(?:就|又)走|又是这样|跟没修"
)
_DOUBTED = re.compile(
    r"怎么(?!办(?:呢|啊|吧|$|，)|.{0,4}(?:没人|不管|还不|还没))|能不能|能.{0,10}[吗嘛啊呀]|可以.{0,10}[吗嘛]|吗|哪(?:里|儿|个|一)|"
    r"多(?:少|久|长时间)|几(?:天|点|号|成|岁|年|路)|有没有|什么|啥|是不是|是否|够不够|行不行|要不要|算不算|谁"
)
_CATCH = re.compile(
    r"(?:你们|上面|政府|有关部门)?(?:来|去|给)?(?:好好)?(?:查查|查一查|查一下|严查|查处|管管)(?:他|吧|呗|$)|没人敢管|亲眼(?:看|见)|实名|匿名|"
    r"偷(?:偷|着)(?:地|的)?(?:盖|建|放|排|开工|倒|卖|养|干)|死猪肉|关系户"
)
_USUAL: dict[str, str] = {
    leaf: kind for kind, name in (("投诉", "complained_of"), ("咨询", "asked_of")) for leaf in word_list(name)
}


def find_kind(text: str, category: str = "") -> tuple[str, tuple[str, ...]] | None:
    """The type and its words; None when nothing was said yet."""
    plain = _NO_COMPLAINT.sub("，", _LINE.sub("", text))
    said = [hit.group("what") for hit in _SELF.finditer(plain)]
    trouble = _TROUBLE.findall(plain)
    if (hit := _PRAISE.search(plain)) and (len(trouble) < 3 or "表扬" in plain or "锦旗" in plain):
        return "表扬", (hit.group(),)
    for what in ("举报", "投诉"):
        if what in said:
            return what, (what,)
    if (hit := _IDEA.search(plain)) and ("建议" in hit.group() or len(trouble) < 3):
        return "建议", (hit.group(),)
    if question := _asks(plain, said, trouble):
        return "咨询", question
    return _by_sound(plain, category)


def _asks(text: str, said: list[str], trouble: list[str]) -> tuple[str, ...]:
    """The words that make it a question; none when trouble outweighs them."""
    ours = _ASKED_OTHERS.sub("，", text)
    asked = tuple(dict.fromkeys(hit.group() for hit in _QUESTION.finditer(ours)))
    strong = sum(2 if len(word) >= 4 else 1 for word in asked) + 2 * ("咨询" in said)
    return asked[:3] if asked and strong > len(set(trouble)) else ()


def _by_sound(text: str, category: str) -> tuple[str, tuple[str, ...]] | None:
    usual, leaf = _USUAL.get(category, ""), category.partition("/")[2]
    if hit := _REPORT.search(text) or (usual == "投诉" and _CATCH.search(text)):
        return "举报", (hit.group(),)
    if re.search(r"投诉", text):
        return "投诉", ("投诉",)
    blame = tuple(dict.fromkeys((*_BLAME.findall(text), *_GRIEVANCE.findall(text))))
    help_ = tuple(dict.fromkeys(_HELP.findall(text)))
    doubt = tuple(dict.fromkeys(_DOUBTED.findall(text)))
    if usual == "咨询" and doubt and len(blame) < 2:
        return "咨询", doubt[:2]
    if usual == "咨询" and blame:
        return "投诉", blame[:3]
    if usual == "投诉" and (blame or not help_):
        return "投诉", blame[:3] or (leaf,)
    if len(blame) > 1 + bool(help_):
        return "投诉", blame[:3]
    if help_:
        return "求助", help_[:2]
    return ("投诉", (leaf,)) if usual == "投诉" else None

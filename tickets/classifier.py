"""What a matter is about, of which type, how urgent: learnt evidence for categories, ordered rules for the rest. Pure.

Rules stand above the evidence where one word decides against all others (a lamp in a stairwell is the property
manager's, a lamp in the street the town's). Nothing is answered without words that say why.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from tickets.evidence import Evidence, Verdict
from tickets.kinds import find_kind
from tickets.lexicon import shipped
from tickets.urgency import find_urgency
from tickets.vocabulary import LEAF_WORDS


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and the words that speak for it."""

    value: str
    words: tuple[str, ...]


class Classifier(Protocol):
    """What a matter is about. Answers None rather than guess without a reason."""

    def category(self, text: str) -> Guess | None:
        """``一级/二级``."""
        ...

    def type(self, text: str, category: str = "", agent: str = "") -> Guess | None:
        """One of ``vocabulary.TYPES``; ``agent``: what the agent said meanwhile."""
        ...

    def urgency(self, text: str) -> Guess | None:
        """One of ``vocabulary.URGENCIES`` other than the usual one."""
        ...


_RULES: tuple[tuple[re.Pattern[str], str, float], ...] = tuple(
    (re.compile(pattern), leaf, nats)
    for pattern, leaf, nats in (
        (
            r"挪一?下?车|移一?下?车|(?:车|门口?|库).{0,6}(?:堵|挡)[^。]{0,10}(?:出不[去来]|"
            r"进不[去来]|联系不上|没留电话)", "交通/移车", 14),
        (r"(?:楼道|单元|楼梯间|走廊).{0,4}(?:灯|声控)", "物业管理/房屋维修", 12),
        (
            r"(?:飞线|楼道里?|楼下|门口|室内|家里)(?:给电[动瓶]车)?充电|"
            r"电[动瓶]车.{0,4}(?:上楼|进电梯|进楼)", "物业管理/楼道堆物", 10),
        (
            r"(?:拖欠|欠|不给|没给|没发|不发|要不[到来]|拿不到|拖着).{0,9}(?:工资|工钱|薪|"
            r"血汗钱)|(?:工资|工钱|薪水).{0,9}(?:拖|欠|没给|不给|没发|不发|拿不到|要不|没结|"
            r"一直没|没到手)", "人社民政/欠薪", 16),
        (r"公积金", "政务营商/公积金", 12),
        (r"路灯|井盖|盖子没|灯杆", "市政公用/路灯井盖", 12),
        (r"电梯", "物业管理/电梯", 8),
        (r"扶梯", "市场监管/特种设备", 14),
        (r"油烟", "城市管理/油烟", 10),
        (r"公厕|公共厕所|旱厕|改厕", "城市管理/公厕", 10),
        (r"宅基地", "农业自然资源/宅基地", 12),
        (r"疫苗|接种|打预防针", "卫健医保/疫苗", 10),
        (r"异地(?:就医|医保|看病|住院)|外[地省].{0,6}(?:看病|住院|就医|医院)|跨省|转院|"
            r"(?:去|到|上|在)(?:北京|上海|济南|青岛|南京|天津|省里|省城|大城市).{0,6}(?:看病|住院|就医|做手术|治病)",
            "卫健医保/异地就医", 14),
        (r"低保|特困|五保", "人社民政/低保", 10),
        (r"残疾|残联|轮椅|两项补贴", "人社民政/助残", 10),
        (r"法律援助|请律师|请不起律师", "公安司法/法援", 10),
        (r"学区|划片|片区", "教育文旅/学区", 10),
        (r"出租车|网约车|的哥|打表|滴滴", "交通/出租车", 9),
        (r"公交(?!卡在)|[0-9一二三四五六七八九十零幺]+路车", "交通/公交", 8),
        (r"红绿灯|信号灯|斑马线|减速带|标线|限速牌|指示牌", "交通/信号标志", 9),
        (
            r"(?:村里|我们村|俺村|进村|出村|村口|村内|村东|村西|村南|村北|俺庄|庄里|户户通|"
            r"村村通).{0,12}(?:路|桥|硬化)(?!灯)", "农业自然资源/村道", 9),
        (
            r"(?:养|散养).{0,3}(?:猪|鸡|鸭|牛|羊|鹅|貉|狐|兔|鸽)|(?:猪|鸡|鸭|牛|羊|养殖)(?:场|"
            r"舍|圈|棚|粪)", "生态环境/畜禽养殖", 11),
        (r"(?:狗|犬)(?!粮)", "公安司法/养犬", 7),
        (r"(?:狗|犬).{0,24}(?:咬|扑|追着人)|没[栓拴牵]绳", "公安司法/养犬", 12),
        (r"公交.{0,20}(?:一趟|班次|加密|多发|多开|才来|末班|首班|等半天)", "交通/公交", 10),
        (r"针管|针头|输液[瓶管袋]|医疗(?:废物|垃圾)", "卫健医保/公共卫生", 13),
        (
            r"(?:工地|施工|打桩|挖掘机|装修|搅拌|破碎锤|电钻).{0,14}(?:吵|噪|响|声|睡|休息|"
            r"轰)|(?:半夜|凌晨|夜里|夜间|晚上|通宵|中午).{0,8}(?:施工|干活|打桩|装修)", "生态环境/施工噪声", 11),
        (
            r"(?:饭店|烧烤|酒吧|餐馆|餐厅|饭馆|歌厅|KTV|大排档|火锅|店里|店铺|商铺|超市|门店|"
            r"商场).{0,14}(?:吵|噪|喇叭|音响|音乐|喧哗|嗡|划拳)", "生态环境/餐饮噪声", 11),
        (
            r"广场舞|跳舞|打麻将|麻将馆|棋牌|(?:楼上|邻居|隔壁).{0,14}(?:吵|闹|跺|蹦|跑跳|"
            r"放音乐|拖)|赌博", "公安司法/扰民", 9),
        (r"暖气|供暖|供热|热力|地暖|取暖|暖气片|换热", "市政公用/供暖", 10),
        (r"天然气|煤气|燃气|管道气", "市政公用/供气", 10),
        (r"停水|没水|来水|自来水|水压|水表|供水|断水|水费", "市政公用/供水", 9),
        (
            r"停电|没电|来电(?!话|人|号|显|咨|反|投)|断电|电压|变压器|电线杆|电费|电表|跳闸|"
            r"供电|电缆", "市政公用/供电", 9),
        (
            r"下水道|污水(?:井|外溢|往外|冒|漫|横流)|化粪池|积水|雨水(?:井|篦|倒)|倒灌|排水沟|"
            r"反水", "市政公用/排水积水", 9),
        (r"户口|身份证|落户|居住证|护照|通行证", "公安司法/户籍", 8),
        (r"诈骗|骗子|被骗|骗了|骗走|刷单|非法集资", "公安司法/诈骗", 9),
        (
            r"(?:健身|理发|美容|美发|洗车|会员|储值|充值|预付|办的?|年|次|游泳|洗浴|"
            r"购物).{0,3}卡|(?:充|存|预存)了.{0,6}(?:钱|块|元|千|百|万)", "市场监管/预付卡", 9),
        (
            r"(?:网上|网购|直播间?|抖音|拼多多|淘宝|京东|快手|闲鱼|微信上).{0,4}(?:买|购|下单|"
            r"拍)|网购|快递|驿站", "市场监管/网购", 10),
        (
            r"培训(?:机构|班|学校)|辅导(?:班|机构)|补习班|兴趣班|驾校|托管班|早教|舞蹈班|"
            r"(?:英语|美术|钢琴|编程|跆拳道).{0,2}(?:班|课)", "教育文旅/校外培训", 10),
        (
            r"开(?:一?个|一?家|间)?[^，。]{0,8}(?:店|馆|厂|公司|诊所)[^。]{0,16}(?:办|要|需要)[^，。]{0,8}(?:证|手续|执照)",
            "政务营商/审批", 12),
        (r"光伏|并网", "市政公用/供电", 12),
        (
            r"(?:大夫|医生|护士|医院|手术).{0,40}(?:感染|误诊|开错|扎错|切[了错]|没跟家属|纱布|后遗症)",
            "卫健医保/医疗质量", 12),
        (
            r"营业执照|许可证|(?:政务|办事|行政)(?:服务)?(?:大厅|中心)(?:几点|上班|周|星期|"
            r"在哪|地址|电话)", "政务营商/审批", 9),
        (
            r"(?:服务|工作|办事)?态度.{0,3}(?:差|不好|恶劣|蛮横|生硬|很凶)|推诿|踢皮球|"
            r"推来推去|不作为|敷衍|吃拿卡要", "政务营商/作风投诉", 4),
        (r"生育|产假|准生证|出生证|育儿|独生子女|产检", "卫健医保/生育", 9),
        (r"以旧换新|消费券|国补|置换补贴|政策兑现|购车补贴", "政务营商/政策兑现", 11),
        (r"(?:小麦|种粮|农机|地力|玉米|粮食|麦子|种地|惠农|农业).{0,4}(?:补贴|保险|直补)", "农业自然资源/补贴", 11),
        (r"浇地|浇不上|灌溉|机井|水渠|浇水.{0,4}(?:地|庄稼|麦)", "农业自然资源/灌溉", 10),
        (r"房产证|不动产|产权证|房本|过户(?!车)", "住房城建/产权证", 9),
        (r"公租房|廉租房|保障房|保障性住房|租赁补贴", "住房城建/保障房", 11),
        (r"危房|房子.{0,6}(?:要塌|快塌|快倒|要倒)", "住房城建/危房改造", 11),
        (r"拆迁|安置房|回迁|过渡费|征收补偿|棚改", "住房城建/拆迁安置", 9),
        (
            r"违建|违章(?:建|搭)|私搭乱建|(?:私自|擅自|违规|违法|偷着|乱)(?:加盖|搭建|盖|建房|"
            r"扩建|拆墙|砸)|彩钢|承重墙", "住房城建/违建", 9),
        (r"业委会|业主委员会|物业费|物业公司(?!.{0,8}(?:修|不管.{0,4}漏))|换物业", "物业管理/物业费", 5),
        (r"渣土|扬尘|粉尘|尘土|灰尘", "生态环境/扬尘", 9),
        (r"过期|变质|吃出|拉肚子|不卫生的?(?:饭|菜|店)|食物中毒|发霉|食品", "市场监管/食品", 8),
        (r"高龄|养老院|敬老院|老年食堂|养老金(?:认证|没|什么时候)|助餐|老年证", "人社民政/养老", 9),
        (
            r"河(?:水|道|里|沟|边)?.{0,8}(?:发?黑|臭|死鱼|变色|污水|污染|泡沫|废水)|排(?:污|"
            r"废水)|黑水|死鱼", "生态环境/水污染", 9),
        (
            r"(?:楼道|楼梯|走廊|电梯间|单元门?口).{0,12}(?:没人|不见人|从来不|也不)(?:扫|打扫|拖|擦|清)|"
            r"物业.{0,16}(?:不打扫|不扫|没人(?:扫|打扫|清))", "物业管理/保洁", 13),
        (
            r"(?:窗口|办事员|工作人员|柜台|值班的?|大厅).{0,24}(?:[看玩]手机|聊天|嗑瓜子|爱答不理|爱理不理|不理人|不耐烦|翻白眼|"
            r"甩脸|不抬头)", "政务营商/作风投诉", 14),
        (
            r"(?:忽悠|哄|骗)(?:着|我们?)?(?:老人|老年人|老头|老太|爹|娘|爸|妈|俺[爹娘爸妈]).{0,14}(?:买|交|投|存|掏)|"
            r"(?:发|领|送)鸡蛋.{0,20}(?:老人|老年|听课|床垫|保健)", "公安司法/诈骗", 13),
        (
            r"(?:招商|引进|落户|签约).{0,60}(?:没兑现|不兑现|没见|没给|没到位|没拨|等研究)|"
            r"(?:奖励|奖补|补助资金|扶持资金).{0,16}(?:没|不|拖)", "政务营商/政策兑现", 12),
        (r"停车位?(?:收|费)|停车.{0,4}(?:多少钱|收费|太贵)", "市场监管/价格", 4),
        (r"老师.{0,10}(?:打|骂|体罚|收礼|辱骂|罚站|扇|补课)|体罚|师德", "教育文旅/师德", 11),
        (r"导游|景区|旅行社|旅游|景点|门票", "教育文旅/旅游", 8),
        (r"医保", "卫健医保/报销", 6),
        (r"发票|个税|纳税|缴税|税务|退税|偷税|契税", "政务营商/税务", 9),
    )
)  # fmt: skip


_CHATTER = 4.0
"""Weight of a phrase that is said in every call, under the empty label."""


_BROAD = 0.5
"""Weight of a phrase of the broad set: many leaves share its words."""
_RULE = 3.0
"""A rule's weight beside the evidence of a word or two."""
_LEAST = 10.0
"""Evidence below this is no reason to propose anything."""


@cache
def shipped_samples() -> tuple[tuple[str, str, float], ...]:
    """(text, leaf, weight) of everything that this project ships to learn from."""
    matters: Mapping[str, str] = shipped("matters")
    phrases = [(phrase, leaf, 1.0 if leaf else _CHATTER) for leaf, line in matters.items() for phrase in line.split()]
    for name in ("matters-colloquial", "matters-spoken"):
        more: Mapping[str, str] = shipped(name)
        phrases += [(phrase, leaf, 1.0 if leaf else _CHATTER) for leaf, line in more.items() for phrase in line.split()]
    broad: Mapping[str, str] = shipped("matters-broad")
    phrases += [(phrase, leaf, _BROAD) for leaf, line in broad.items() for phrase in line.split()]
    words = [(word, leaf, 2.0) for leaf, line in LEAF_WORDS.items() for word in line.split()]
    return (*phrases, *words, *((leaf.partition("/")[2], leaf, 2.0) for leaf in matters if leaf))


@cache
def shipped_evidence() -> Evidence:
    """Learnt from the shipped texts; half a second, once per process."""
    return Evidence.learn(shipped_samples())


@dataclass(frozen=True)
class LearntClassifier:
    """The classifier of a site: only the site's own leaves count."""

    categories: Mapping[str, Sequence[str]]
    evidence: Evidence = field(default_factory=shipped_evidence)

    def category(self, text: str) -> Guess | None:
        verdicts = self.ranking(text)
        return Guess(verdicts[0].label, verdicts[0].words) if verdicts and verdicts[0].words else None

    def ranking(self, text: str) -> list[Verdict]:
        """All of the site's leaves with evidence, best first."""
        verdicts = self.evidence.judge(text, _bonus(text))
        return [verdict for verdict in verdicts if self._known(verdict.label) and verdict.score >= _LEAST]

    def type(self, text: str, category: str = "", agent: str = "") -> Guess | None:
        found = find_kind(text, category, agent)
        return Guess(*found) if found else None

    def urgency(self, text: str) -> Guess | None:
        found = find_urgency(text)
        return Guess(*found) if found else None

    def _known(self, label: str) -> bool:
        top, _, leaf = label.partition("/")
        return leaf in self.categories.get(top, ())


def _bonus(text: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for pattern, leaf, nats in _RULES:
        if hit := pattern.search(text):
            found.setdefault(leaf, {})[hit.group()] = nats * _RULE
    return found

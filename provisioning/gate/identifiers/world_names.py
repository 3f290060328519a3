"""Given names and surnames in Latin letters of many languages, in lower case; general knowledge, frequent ones."""

from __future__ import annotations

import re

GIVEN = frozenset(
    # ruff: noqa: SIM905 - a list of one name a line hides the table
    """
    aaliyah abdul abdullah abena abigail abraham adaeze ade adebayo adriana agnes agnieszka ahmad ahmed aidan ailsa aisha
    aiko akira alan alastair albert alejandro aleksander alessandro alexei alfred ali alice alicia alisha alistair amara
    amina amir amit amy ana anastasia anders andrea andrei angus anil anita anjali ann anna anne annika antonio anwar
    aoife arjun arthur asha ashok astrid audrey ayesha ayse barbara barnaby beata beatrice beatrix beatriz benedict benoit
    bernard bernadette bjorn blessing bogdan boris brendan brian bridget bronwen bruno callum camille carlos carmen
    caroline catriona cecilia charlotte chiara chidi chinedu chioma chloe christoph ciara cillian claire clara claude
    claudia clementine colin conor consuelo cormac cornelius daisy daniela darius darnell david deepa deepak deirdre denise
    derek desmond diana dieter dilip dimitri dmitri dolores dominic donal dora doreen dorothy duc dylan ebony edith edmund
    edna edward edwin eileen eilidh ekaterina elaine eleanor elena elif elizabeth ella elsa emeka emily emine emma enrique
    eric erik ernest esra esther ethel eugene eva evelyn ewa ewan fatima fatma felix fernando fiona florence francesca
    francisco freya fumiko gabriela gareth gemma george georgia gerald gerard gertrude gianni giovanni giulia gladys
    gloria gordon grace graham grzegorz guillermo gustav gwen habiba hamza hana hannah hans harold harriet haruka haruto
    hasan hassan hazel heather hector heidi heinrich helen helga henrik henry hideo hilary hiroshi holly howard hugh hugo
    hung hussein ian ibrahim ida ignatius igor imran ines ingrid ioana irene irina isaac isabel isla ivan ivy jacqueline
    jamal james jamila jan jane janet jean jennifer jerzy jessica joan joanna joao joaquin johan john jorge jose josephine
    joy joyce juan judith julia julie jun jung jurgen kamala karen karl katarzyna kate katherine kathleen katrin kavita
    keiko keith kenji kenneth kerry kevin khadija khalid kieran kofi krzysztof kumar kwame kwabena lakeisha lakshmi lars
    latoya laura leila lena leonard leroy lesley lillian linda linh lorraine louis louise luca lucia lucy luis lukasz
    mabel magda mahmoud malcolm malgorzata manoj manuel marcin maria mariam marie marjorie marko martin mary mateo mats
    matteo mattias maureen mavis mbali meera megan mehmet mei michael michal mildred milan minh miriam miroslav mohamed
    mohammad mohammed moira morag muhammad murad mustafa nadia nam naomi narendra natalia natasha neha neil ngozi niamh
    nicola nigel nikhil nikolai nikos nina noor nora norman nuala nuria obinna olaf olga oliver olivia oluwaseun omar oscar
    otto ottoline owen padraig pamela paolo patrice patricia patrick paul paula pauline pavel pedro percival peter petra
    philip phyllis pierre piotr pooja prakash priya rachel rafael rahul rajesh ramesh ravi rebecca rekha rhiannon rhys
    ricardo richard riya robert roberto roger roland roman rosa rosalind rose ruth ryan sabine sadia said sakura salma
    samina samir samuel sandra sanjay santiago sara sarah satoshi saskia sean sergei seamus shamima sheila shirin shirley
    siddharth sigrid simon simone sinead siobhan sipho sofia soren stanislaw stefan stella stephanie stuart sunil sunita
    suresh susan svetlana sven sylvia takashi tamara tanisha tariq tatiana temitope tendai teresa thabo thaddeus thandiwe
    thanh themba theodore theresa thomas thuy tomasz tracey trevor tuan ulrich uma ursula valentina valerie venkatesh vera
    veronica victor vijay vikram vincent vivian vladimir walter wanda wendy wilhelm winifred winston wojciech yan yasmin
    yolanda yosef yuki yuko yusuf yvette yvonne zainab zanele zara zbigniew zofia zsofia
    """.split()
)
SURNAMES = frozenset(
    """
    abbott abdi abdullah abe abebe acosta adams adebayo adeleke adeyemi afolabi aguilar ahmed akhtar akintola alexander
    ali allen almeida alvarez amoah andersen anderson andersson andrews appiah armstrong arnold asante ashworth bailey
    baker banda banerjee barnes barrett bauer becker begum bell bennett berg bergman bernard bhatt bianchi boateng bondarenko
    boyd bradley brandt brennan brooks brown bruno burke burns butler byrne campbell cardoso carey carlson carr carroll
    carter castro chan chapman chatterjee chaudhry chavez cheung chopra choudhury chowdhury christensen clark clarke cohen
    cole coleman collins conte cook cooper costa cox cruz cunningham daly das davidson davies davis dawson delgado demir
    desai diallo diaz diop dixon dlamini doherty dubois duffy duncan dupont edwards eriksson esposito evans eze farrell
    fernandes fernandez ferrari ferreira fischer fitzgerald flores flynn fontaine ford foster fox fraser friedman garcia
    gallagher ghosh gibson gomez gonzalez gordon graham grant gray green greene griffin griffiths gruber gupta gutierrez
    haddad hall hamilton hansen hargreaves harris harrison hart hartmann harvey hassan hayashi hayes henderson hernandez
    herrera hill hoffmann holmes horvat horvath hossain howard hughes hunt hunter hussain hussein huynh ibrahim islam ito
    ivanov ivanova iyer jackson jacobs jain james janssen jenkins jensen johansen johansson johnson johnston jones jordan
    joshi joyce kamau kapoor karlsson kato kaur kaya keller kelly kennedy khalil khan khoury kim kimani king klein kobayashi
    koch kovacs kowalczyk kowalski kozlov krause kruger kumar kuznetsov lam larsen larson lawson le lee lefebvre lehmann
    leroy lewis lindqvist lloyd lopez lowe macdonald mackenzie maclean mahlangu mahmood malik marino marshall martin
    martinez mason matsumoto mbeki mcallister mccarthy mcdonald mehta mendoza mensah menon meyer miah miller mills mishra
    mitchell mohamed mokoena molina moore morales moreau moreno morgan moretti morris morrison moyo mueller muller murphy
    murray mwangi nair nakamura ndlovu neumann newman nguyen nielsen nikolaidis nilsson nkosi novak nowak nunez o'brien
    o'connor o'neill o'reilly o'sullivan obi odhiambo ogunleye okafor okeke okonkwo olsen olsson ortiz osei otieno owens
    owusu palmer park parker parsons patel pedersen pereira perera perez persson peters petersen petrov petrova pham phan
    phillips popescu popov powell price quinn rahman ramirez ramos rao reddy reid reilly reyes ricci richards richter rivera
    roberts robertson robinson rodrigues rodriguez rogers romano romero ross rossi roux russo ryan sahin saito salazar
    sanchez sandhu santos sasaki sato schmidt schneider schroder schultz schwartz schwarz scott sen shah sharma shaw shevchenko
    silva simmons simpson sinclair singh smirnov smith sokolov sousa souza spencer stevens stewart sullivan suzuki svensson
    takahashi tanaka taylor thompson thomson torres toure tran traore tucker turner varga vargas vasquez vasseur verma
    villanueva vogel volkov vu wagner walker wallace walsh ward watanabe watson weber webster weiss west wilson wolf wong
    wright wu yadav yamada yamamoto yildirim yildiz yilmaz yoshida zhou ziegler zimmermann zulu
    """.split()
)
_FORMED = re.compile(
    r"(?:o'|mc|mac|fitz)[a-z]{4,12}|[a-z]{3,12}(?:ski|ska|wicz|czyk|opoulos|opoulou|escu|enko|sson|shvili|ovic|ovich|ovsky|"
    r"ianu|stein|mann|qvist|strom|gaard|worth|thwaite|bottom|shaw|field|croft)"
)
"""How surnames are formed that no table lists: O'…, Mc…, …ski, …opoulos, …worth."""


def formed_as_surname(word: str) -> bool:
    """Whether a word in lower case has a form that only surnames (and some places) have."""
    return _FORMED.fullmatch(word.replace("’", "'")) is not None

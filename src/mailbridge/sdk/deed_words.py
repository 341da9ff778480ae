"""The verbs and nouns by which networks announce events; stems, so that gender, number and case do not matter."""

from mailbridge.sdk.interest import Kind

Words = tuple[tuple[Kind, str], ...]
"""(kind, pattern of its verb phrases)."""

_RU: Words = (
    (
        "mention",
        (
            r"упомянул\w*|упоминает|отметил\w*\s+(?:вас|тебя)|вас\s+отметил\w*|(?:нов\w+\s+)?упоминани\w+"
            r"|(?:добавил|опубликовал)\w*\s+(?:\w+\s+){0,2}?(?:фото|видео)\w*\s+(?:с\s+вами|с\s+вашим)"
        ),
    ),
    (
        "follow",
        (
            r"подписал\w*|подписыва\w+|теперь\s+подписан\w*|теперь\s+ваш\w*\s+(?:подписчи|друг)\w*|стал\w*\s+ваш\w*\s+(?:друг|подписчи)\w*|(?:теперь\s+)?чита[ею]т\w*\s+(?:вас|ваш\w*)|(?:нов\w+\s+)?подписчи\w+"
            r"|(?:хочет|хотят|просит\w*|предлагает|предложил\w*)\s+(?:вам\s+)?(?:стать|добавить|подружиться|дружить|дружб\w+)"
            r"|(?:(?:отправил|подал|прислал|оставил)\w*\s+)?(?:вам\s+)?(?:нов\w+\s+)?(?:запрос\w*|заявк\w+|приглашени\w+)\s+(?:на\s+добавление\s+)?(?:в\s+друзья|на\s+вступлени\w+|на\s+дружбу)"
            r"|добавил\w*\s+вас\s+в\s+друзья"
            r"|(?:принял|подтвердил|одобрил)\w*\s+(?:ваш\w*\s+)?(?:заявк|запрос|приглашени)\w*|вступил\w*"
            r"|(?:хочет|прос[ия]т\w*)\s+(?:вступить|принять)|присоедини\w+\s+к\s+(?:ваш\w*\s+)?(?:групп|сообществ)\w*"
        ),
    ),
    (
        "repost",
        (
            r"(?:поделил\w*|делится)\s+(?:ваш\w*|(?:запис|пост|публикаци|товар|фото|видео)\w*\s+(?:ваш\w*\s+)?(?:сообществ|групп|страниц)\w+)"
            r"|процитировал\w*|репост\w*|сделал\w*\s+репост\w*|рассказал\w*\s+(?:\w+\s+)?о\s+ваш\w*"
        ),
    ),
    (
        "like",
        (
            r"понравил\w*|нравится|отметил\w*\s+ваш\w*\s+\w+\s+как\s+понравивш\w+|поставил\w*\s+реакци\w+|оценил\w*|оценива\w+|лайк\w*"
            r"|(?:поставил|постав)\w*\s+(?:вам\s+|ваш\w*\s+\w+\s+)?(?:класс|лайк|отметк|нравится|\d)\w*"
            r"|отреагировал\w*|отметк\w+\s+нравится"
            r"|(?:сделал|отправил|прислал|подарил)\w*\s+(?:вам\s+)?(?:\w+\s+)?подар\w+|нов\w+\s+подар\w+|\bкласс\b"
            r"|подмигнул\w*"
        ),
    ),
    (
        "review",
        (
            r"(?:оставил|написал|опубликовал|добавил)\w*\s+(?:\w+\s+){0,3}?отзыв\w*|нов\w+\s+отзыв\w*|отзыв\w*\s+о"
            r"|отзыв\w*\s+на|\bотзыв\w*|рекомендует|порекомендовал\w*"
        ),
    ),
    (
        "comment",
        (
            r"(?:\bтакже\s+)?(?:про)?комментир\w+"
            r"|(?:оставил|написал|добавил|опубликовал|прислал)\w*\s+(?:\w+\s+){0,3}?комментари\w+|ответил\w*(?!\w|\s+на\s+ваше\s+сообщение)"
            r"|отвечает|задал\w*\s+(?:\w+\s+)?вопрос\w*|нов\w+\s+(?:комментари\w+|ответ\w*|вопрос\w*)|ответ\w*\s+(?:на|в|к)\b|\bкомментари\w+|\bобсуждени\w+"
            r"|написал\w*\s+в\s+(?:обсуждени|тем|комментари)\w+"
        ),
    ),
    (
        "message",
        (
            r"(?:отправил|написал|прислал|оставил)\w*\s+(?:\w+\s+){0,4}?сообщени\w+"
            r"|написал\w*\s+(?:в\s+)?ваш\w*\s+(?:сообществ|групп|страниц)\w+|ответил\w*\s+на\s+ваше\s+сообщени\w+"
            r"|(?:нов\w+\s+)?(?:личн\w+\s+)?сообщени\w+"
            r"|(?:вам\s+)?(?:на)?писал\w*(?:\s+вам\b|\s+в\s+(?:ваше\s+)?сообщество)|вам\s+написал\w*|приглаша\w+"
            r"|начал\w*\s+(?:нов\w+\s+)?(?:диалог|чат|разговор|бесед|переписк)\w*|нов\w+\s+(?:диалог|чат|переписк)\w*"
            r"|пригласил\w*|добавил\w*\s+вас\s+в\b"
        ),
    ),
    ("callback", r"(?:заказал|запросил)\w*\s+(?:обратн\w+\s+)?звон\w+|обратн\w+\s+звон\w+"),
    ("order", r"(?:оформил|сделал|оставил|создал)\w*\s+(?:нов\w+\s+)?заказ\w*|нов\w+\s+заказ\w*|купил\w*\s+у\s+вас"),
    (
        "request",
        (
            r"(?:оставил|отправил|прислал)\w*\s+(?:\w+\s+)?заявк\w+|нов\w+\s+заявк\w+|заявк\w+\s+(?:от|с|из)\b"
            r"|нов\w+\s+лид\w*"
        ),
    ),
    (
        "registration",
        (
            r"зарегистрировал\w*\s+на|(?:собирается|собираются|пойд[её]т|прид[её]т)\s+на\b"
            r"|заинтересова\w+\s+ваш\w*"
        ),
    ),
    (
        "visit",
        (
            r"(?:посетил|просмотрел|смотрел)\w*\s+ваш\w*"
            r"|(?:заходил|зашел|зашла|заглянул)\w*\s+(?:к\s+вам|на\s+ваш\w*)"
        ),
    ),
    (
        "post",
        (
            r"опубликовал\w*|(?:сделал|написал|создал)\w*\s+(?:\w+\s+)?(?:публикаци|запис|пост|опрос)\w*|создал\w*"
            r"|добавил\w*|поделил\w*|разместил\w*|выложил\w*"
            r"|предложил\w*\s+(?:\w+\s+)?(?:новост|запис|публикаци|пост)\w+|написал\w*\s+(?:на|в)\b"
            r"|оставил\w*\s+(?:\w+\s+)?запис\w+|загрузил\w*|закрепил\w*|обновил\w*|сменил\w*|изменил\w*\s+(?:фото|статус)\w*"
            r"|нов\w+\s+(?:запис|публикаци|фото|видео|пост|опрос|тем)\w*|начал\w*\s+(?:трансляци|прям)\w+"
            r"|сделал\w*\s+публикаци\w+"
        ),
    ),
)
_EN: Words = (
    (
        "mention",
        (
            r"(?:also\s+)?(?:mention(?:ed|s)\b(?!\s+that)|(?:tagged|tags)\s+(?:you|your|the))|new\s+mention|(?:was|were)\s+mentioned"
            r"|(?:added|posted|shared)\s+(?:an?|\d+|new|some)\s+(?:new\s+)?(?:photos?|videos?)\s+of\s+you\b"
        ),
    ),
    (
        "follow",
        (
            r"(?:started\s+|is\s+now\s+|is\s+)?follow(?:ed|ing|s)\b(?!\s+up)|new\s+(?:page\s+)?follower\w*"
            r"|wants?\s+to\s+(?:be\s+(?:your\s+)?friends?|connect|follow|join)"
            r"|sent\s+you\s+an?\s+(?:friend|connection|follow)\s+(?:request|invitation)|friend\s+request"
            r"|added\s+you\s+as\s+a\s+friend|accepted\s+your\b|confirmed\s+(?:you|your)\b"
            r"|(?:asked|requested)\s+to\s+(?:join|follow|connect)|(?:has\s+)?joined\s+your\b|subscribed\s+to\b"
            r"|invitation\s+to\s+connect|would\s+like\s+to\s+(?:connect|be\s+friends|join|follow)"
        ),
    ),
    (
        "repost",
        (
            r"(?:also\s+)?(?:shared|reshared|reposted|retweeted|quoted)\s+(?:a\s+link\s+to\s+your|your|\d+\s+of\s+your)|reposted\b"
            r"|retweeted\b|new\s+share\b"
        ),
    ),
    (
        "like",
        (
            r"(?:also\s+)?(?:likes|liked|loves|loved|reacted|favorited|poked|upvoted|applauded|celebrate[sd])\b|found\s+your\b"
            r"|gave\s+your\s+\w+\s+an?\s+(?:like|heart|thumb\w*|kudos)|\blike\s+your\b"
            r"|new\s+(?:like|reaction)s?\b|sent\s+you\s+a\s+gift"
        ),
    ),
    (
        "review",
        (
            r"(?:left|wrote|posted|gave|added)\s+(?:[\w-]+\s+){0,4}?(?:review|recommendation)s?\b|reviewed\b|rated\b|gave\s+[^.:]{1,60}?\bstars?\b"
            r"|doesn.t\s+recommend\b|recommend(?:s|ed)\b|new\s+(?:[\w-]+\s+){0,2}?(?:review|recommendation)\b"
        ),
    ),
    (
        "comment",
        (
            r"(?:also\s+)?(?:commented|replied(?!\s+to\s+your\s+(?:direct\s+)?message)|responded\s+to\s+your\s+(?:comment|review|post))\b"
            r"|(?:left|added|posted|made|wrote)\s+a\s+(?:new\s+)?(?:comment|reply)|new\s+(?:a\s+)?(?:comment|reply|replies)"
            r"|answered\b|asked\s+(?:you\s+)?a\s+question|comments\s+on\s+your|\bcomment\s+(?:from|by|on)\b"
        ),
    ),
    (
        "message",
        (
            r"sent\s+(?:you\s+)?(?:\w+\s+){0,3}?messages?\b|messaged\b|replied\s+to\s+your\s+(?:direct\s+)?message\b"
            r"|(?:new\s+)?(?:direct\s+)?message\s+(?:from|for)\b|new\s+message\b|wrote\s+to\s+you"
            r"|started\s+an?\s+(?:new\s+)?(?:conversation|chat)|new\s+(?:chat|conversation)\b"
            r"|invite[ds]\s+you\b|added\s+you\s+to\b"
        ),
    ),
    ("order", r"placed\s+an?\s+(?:new\s+)?order|new\s+order\b"),
    (
        "request",
        (
            r"new\s+lead\b|submitted\s+(?:a|an|your|the)\s+(?:\w+\s+)?(?:form|lead|request)"
            r"|requested\s+(?:an?\s+)?(?:quote|info\w*|appointment|call)"
        ),
    ),
    ("registration", r"(?:is|are)\s+(?:going|interested)\b|registered\s+for\b|responded\s+to\s+your\s+event"),
    ("visit", r"(?:viewed|visited)\s+your\b|viewed\b"),
    (
        "post",
        (
            r"posted|published|shared|changed\s+(?:his|her|their|its)|added|uploaded|created|updated|tweeted|wrote\s+(?:on|in|a\s+post)"
            r"|started\s+a\s+(?:live|poll)|(?:is|was|went)\s+live|new\s+(?:post|photo|video|poll)\b"
        ),
    ),
)
_IT: Words = (
    ("mention", r"ti\s+ha(?:nno)?\s+(?:menzionat|taggat)\w*|ha\s+menzionato"),
    (
        "follow",
        (
            r"ha(?:nno)?\s+iniziato\s+a\s+segu\w+|ti\s+(?:ha\s+inviato\s+una\s+)?richiesta\s+di\s+amicizia"
            r"|richiesta\s+di\s+amicizia|vuole\s+(?:stringere|diventare|essere)|ha\s+accettato|ti\s+segue"
        ),
    ),
    ("repost", r"ha(?:nno)?\s+condiviso\s+(?:il\s+tuo|la\s+tua|un\s+tuo|i\s+tuoi)"),
    ("like", r"\bpiace(?:\s+\w+)?|ha(?:nno)?\s+reagito|ha\s+messo\s+mi\s+piace"),
    ("review", r"ha\s+(?:scritto|lasciato|pubblicato)\s+una\s+recensione|\brecension\w+|\bconsiglia\b"),
    (
        "comment",
        (
            r"ha(?:nno)?\s+(?:anche\s+)?(?:commentato|risposto)|ha\s+(?:aggiunto|lasciato|scritto)\s+un\s+commento"
            r"|nuovo\s+commento"
        ),
    ),
    (
        "message",
        r"ti\s+ha\s+(?:inviato|mandato|scritto|invitat\w)|ha\s+(?:inviato|mandato)\s+un\s+messaggio|nuovo\s+messaggio",
    ),
    ("post", r"ha(?:nno)?\s+(?:condiviso|pubblicato|aggiunto|creato|scritto|caricato|aggiornato)"),
)
_FR: Words = (
    ("mention", r"vous\s+a\s+(?:mentionn|identifi|tagu)\w+|a\s+(?:mentionn|identifi)\w+"),
    (
        "follow",
        (
            r"a\s+commencé\s+à\s+(?:vous\s+)?suivre|vous\s+suit|souhaite\s+(?:devenir|vous\s+ajouter)"
            r"|(?:demande|invitation)\s+d.amis?\b|vous\s+a\s+(?:ajouté|envoyé\s+une\s+(?:demande|invitation))"
            r"|a\s+accepté"
        ),
    ),
    ("repost", r"a\s+(?:également\s+)?partagé\s+(?:votre|ta|ton|vos)"),
    ("like", r"\baime\b(?:nt)?|a\s+aimé|a\s+réagi"),
    ("review", r"a\s+(?:laissé|écrit|publié)\s+un\s+avis|nouvel\s+avis|\brecommande\b"),
    (
        "comment",
        (
            r"a\s+(?:également\s+|aussi\s+)?(?:commenté|répondu)|a\s+laissé\s+un\s+commentaire"
            r"|nouveau\s+commentaire"
        ),
    ),
    ("message", r"vous\s+a\s+(?:envoyé|écrit|invité)|a\s+envoyé\s+un\s+message|nouveau\s+message"),
    ("post", r"a\s+(?:partagé|publié|ajouté|créé|écrit|mis\s+à\s+jour)"),
)
_DE: Words = (
    ("mention", r"hat\s+(?:dich|sie)\s+[^.:]*?(?:erwähnt|markiert)|erwähnt\s+(?:dich|sie)"),
    (
        "follow",
        (
            r"folgt\s+(?:dir|ihnen)|(?:hat\s+(?:dir|ihnen)\s+)?(?:eine\s+)?freundschaftsanfrage"
            r"|möchte\s+(?:mit|dein)|hat\s+deine\s+\w*anfrage\s+(?:angenommen|bestätigt)"
        ),
    ),
    ("repost", r"hat\s+(?:dein|ihr|euer|eure)\w*\s+[^.:]*?geteilt"),
    ("like", r"gefällt|gefallen|hat\s+[^.:]*?reagiert"),
    (
        "review",
        r"hat\s+[^.:]*?(?:bewertet|bewertung\s+(?:geschrieben|abgegeben))|neue\s+(?:[\w-]+-)?bewertung\w*|empfiehlt",
    ),
    ("comment", r"hat\s+[^.:]*?(?:kommentiert|geantwortet|kommentar\s+hinterlassen)|neuer\s+kommentar"),
    (
        "message",
        (
            r"hat\s+(?:dir|ihnen)\s+[^.:]*?(?:nachricht|geschrieben|gesendet)|neue\s+nachricht"
            r"|hat\s+[^.:]*?nachricht\s+(?:gesendet|geschickt|geschrieben|hinterlassen)"
            r"|hat\s+(?:dich|sie)\s+[^.:]*?eingeladen"
        ),
    ),
    ("post", r"hat\s+[^.:]*?(?:gepostet|geteilt|veröffentlicht|hinzugefügt|erstellt|hochgeladen)"),
)
_UK: Words = (
    ("mention", r"згада(?:в|ла)\w*|позначи(?:в|ла)\s+(?:вас|тебе)"),
    (
        "follow",
        (
            r"підписа(?:в|ла)\w*|стежить\s+за\s+(?:вами|ваш\w*)|(?:хоче|просить)\s+(?:додати|стати|приєднатися)"
            r"|приєдна(?:в|ла)\w*\s+до|запит\w*\s+(?:у\s+друзі|на\s+дружбу)|заявк\w+\s+у\s+друзі"
        ),
    ),
    ("repost", r"пошири(?:в|ла)\s+ваш\w*|поділи(?:в|ла)\w*\s+ваш\w*"),
    ("like", r"вподоба(?:в|ла)\w*|сподоба(?:в|ла)\w*|подобається|відреагува(?:в|ла)|оціни(?:в|ла)"),
    ("review", r"(?:залиши|написа|опублікува|дода)(?:в|ла)\s+(?:\w+\s+)?відгук\w*|нов\w+\s+відгук\w*|рекомендує"),
    (
        "comment",
        (
            r"(?:про)?коменту(?:в|ва|є|ю)\w*|відпові(?:в|ла|дає|ли)|нов\w+\s+(?:коментар\w*|відповід\w*)"
            r"|(?:залиши|написа|дода)(?:в|ла)\s+(?:\w+\s+)?коментар\w*"
        ),
    ),
    (
        "message",
        r"(?:надісла|написа|залиши)(?:в|ла)\s+(?:\w+\s+){0,3}?повідомлення|нов\w+\s+повідомлення|написа(?:в|ла)\s+вам",
    ),
    ("order", r"нов\w+\s+замовлення|оформи(?:в|ла)\s+замовлення"),
    ("post", r"опублікува(?:в|ла)|поділи(?:в|ла)\w*|дода(?:в|ла)|створи(?:в|ла)"),
)
_ES: Words = (
    ("mention", r"te\s+(?:ha\s+)?(?:mencion|etiquet)\w+"),
    (
        "follow",
        r"(?:ha\s+)?(?:empezado|comenzado|empezó|comenzó)\s+a\s+seguir\w*|te\s+sigue|solicitud\s+de\s+amistad|quiere\s+ser\s+tu\s+amig\w",
    ),
    ("repost", r"(?:ha\s+)?compart(?:ió|ido)\s+(?:tu|tus|su)\b"),
    ("like", r"(?:le|les)\s+gust(?:a|ó|an)|(?:ha\s+)?reaccion(?:ó|ado)|indicó\s+que\s+le\s+gusta"),
    (
        "review",
        r"(?:ha\s+)?(?:dej(?:ó|ado)|escri(?:bió|to)|public(?:ó|ado))\s+una\s+(?:reseña|opinión)|nueva\s+(?:reseña|opinión)|recomienda\b",
    ),
    ("comment", r"(?:también\s+)?(?:ha\s+)?(?:coment(?:ó|ado)|respondi(?:ó|do))|nuevo\s+comentario"),
    (
        "message",
        (
            r"(?:te\s+)?(?:ha\s+)?(?:envi(?:ó|ado)|mand(?:ó|ado)|escri(?:bió|to))\s+un\s+mensaje"
            r"|te\s+(?:ha\s+)?(?:envi(?:ó|ado)|escri(?:bió|to)|mand(?:ó|ado))\b|nuevo\s+mensaje"
        ),
    ),
    ("post", r"(?:ha\s+)?(?:public(?:ó|ado)|compart(?:ió|ido)|añadi(?:ó|do)|subi(?:ó|do))\b"),
)
_PL: Words = (
    ("mention", r"wspomnia[łl]\w*|oznaczy[łl]\w*\s+ci[ęe]"),
    (
        "follow",
        r"zacz(?:ął|ęła)\s+ci[ęe]\s+obserwować|chce\s+dodać\s+ci[ęe]\s+do\s+znajomych|zaproszenie\s+do\s+(?:grona\s+)?znajomych",
    ),
    ("repost", r"udostępni[łl]\w*\s+tw\w+"),
    ("like", r"lubi\s+tw\w+|polubi[łl]\w*|zareagowa[łl]\w*"),
    ("review", r"(?:doda|wystawi|napisa)[łl]\w*\s+opini\w+|nowa\s+opinia|poleca\b"),
    ("comment", r"(?:też\s+)?skomentowa[łl]\w*|odpowiedzia[łl]\w*|nowy\s+komentarz"),
    ("message", r"wys[łl]a[łl]\w*\s+(?:do\s+)?(?:ci\w*|ciebie)\s+wiadomość|nowa\s+wiadomość"),
    ("post", r"opublikowa[łl]\w*|udostępni[łl]\w*|doda[łl]\w*"),
)
DEEDS: tuple[tuple[str, Words], ...] = (
    ("ru", _RU),
    ("en", _EN),
    ("it", _IT),
    ("fr", _FR),
    ("de", _DE),
    ("uk", _UK),
    ("es", _ES),
    ("pl", _PL),
)
"""Language → its words. Of two phrases that begin at the same place the one that stands first here wins."""

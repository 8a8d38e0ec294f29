"""What requestors write, in English and Spanish. Each narrative names its marker word once, as a street."""

from dataclasses import dataclass
from datetime import date
from random import Random


@dataclass(frozen=True, slots=True)
class Story:
    """What a narrative is about. `own`: the noncitizen writes; `situation` is a key of the sentences below."""

    own: bool
    language: str
    name: str
    situation: str
    where: str
    facility: str
    removal_on: date | None
    relief: str
    marker: str


_SITUATION = {
    ("en", True): {
        "detained": (
            "I have been held by ICE at {facility} since January.",
            "I was picked up at a traffic stop and am now held at {facility}.",
        ),
        "imminent": (
            "I have been told to be ready to leave the country {when}.",
            "An officer told me that I will be removed {when}.",
        ),
        "liberty": (
            "I live in {where} and have kept every appointment with ICE.",
            "I am not detained. I live in {where}, and I have an order to report.",
        ),
    },
    ("en", False): {
        "detained": (
            "{name} has been held by ICE at {facility} since January.",
            "ICE picked up {name} outside the house; the place of detention is {facility}.",
        ),
        "imminent": (
            "We were told that {name} will be removed {when}.",
            "{name} has been told to be ready to leave the country {when}.",
        ),
        "liberty": (
            "{name} lives in {where} and has kept every appointment with ICE.",
            "{name} is not detained, lives in {where} and has an order to report.",
        ),
        "unknown": (
            "We have not heard from {name} since Sunday and do not know whether ICE holds anybody by that name.",
            "The family lost contact with {name} after a visit by officers. Nobody will tell us where to ask.",
        ),
        "moved": (
            "{name} is in ICE custody, but was moved last week. We were not told where to.",
            "ICE holds {name}, and the facility that we knew of says that nobody by that name is there.",
        ),
    },
    ("es", True): {
        "detained": (
            "Estoy bajo custodia de ICE en {facility} desde enero.",
            "Me detuvieron en un control de tránsito y ahora me tienen en {facility}.",
        ),
        "imminent": (
            "Me dijeron que me prepare para salir del país {when}.",
            "Un oficial me avisó de que me van a expulsar {when}.",
        ),
        "liberty": (
            "Vivo en {where} y he acudido a todas mis citas con ICE.",
            "No estoy bajo custodia. Vivo en {where} y tengo la obligación de presentarme ante ICE.",
        ),
    },
    ("es", False): {
        "detained": (
            "{name} está bajo custodia de ICE en {facility} desde enero.",
            "ICE detuvo a {name} frente a su casa; el lugar de detención es {facility}.",
        ),
        "imminent": (
            "Nos avisaron de que van a expulsar a {name} {when}.",
            "A {name} le dijeron que se prepare para salir del país {when}.",
        ),
        "liberty": (
            "{name} vive en {where} y ha acudido a todas sus citas con ICE.",
            "{name} no está bajo custodia, vive en {where} y tiene la obligación de presentarse ante ICE.",
        ),
        "unknown": (
            "No sabemos nada de {name} desde el domingo y no sabemos si está bajo custodia de ICE.",
            "La familia perdió el contacto con {name} tras una visita de oficiales. Nadie nos dice dónde preguntar.",
        ),
        "moved": (
            "{name} está bajo custodia de ICE, pero hubo un traslado la semana pasada. No nos dijeron adónde.",
            "ICE tiene a {name} bajo custodia, y en el centro que conocíamos dicen que ya no está allí.",
        ),
    },
}

_CIRCUMSTANCES = {
    ("en", True): (
        "I have lived here for eleven years and have two children who were born here.",
        "I take care of my mother, who cannot get around without help.",
        "My only offence was a traffic matter nine years ago, and I paid the fine.",
        "I need treatment twice a week, and the letter of my doctor says so.",
        "I have worked at the same bakery since 2014 and pay my taxes.",
        "I was the victim of a robbery and helped the police as a witness.",
    ),
    ("en", False): (
        "The family has been here for eleven years; two children were born here.",
        "There is an elderly parent in the house who needs care day and night.",
        "The only offence on record is a traffic matter of nine years ago; the fine was paid.",
        "There is a medical condition that needs treatment twice a week; a doctor's letter says so.",
        "The employer, a bakery, has kept the job open and has written a letter.",
        "As the victim of a robbery, {name} helped the police as a witness.",
    ),
    ("es", True): (
        "Llevo once años aquí y tengo dos hijos nacidos en este país.",
        "Cuido a mi madre, que no puede valerse por sí misma.",
        "Mi única falta fue una infracción de tránsito hace nueve años, y pagué la multa.",
        "Necesito tratamiento dos veces por semana, como dice la carta de mi médico.",
        "Trabajo en la misma panadería desde 2014 y pago mis impuestos.",
        "Fui víctima de un robo y colaboré con la policía como testigo.",
    ),
    ("es", False): (
        "La familia lleva once años aquí; dos hijos nacieron en este país.",
        "En la casa vive un familiar de edad avanzada que necesita cuidados día y noche.",
        "La única falta que consta en su historial es una infracción de tránsito de hace nueve años; la multa se pagó.",
        "Hay un problema de salud que requiere tratamiento dos veces por semana; lo dice la carta del médico.",
        "La panadería donde trabaja le ha guardado el puesto y ha escrito una carta.",
        "Como víctima de un robo, {name} colaboró con la policía como testigo.",
    ),
}

_ASK = {
    "en": {
        "RELEASE": "Please consider release.",
        "CANCEL_NTA": "Please consider cancelling the Notice to Appear.",
        "STAY_OR_PAUSE_REMOVAL": "Please consider pausing the removal.",
        "NOT_EXECUTE_ORDER": "Please consider not carrying out the removal order.",
        "DEFERRED_ACTION": "Please consider deferred action.",
        "PAROLE": "Please consider parole.",
        "OTHER": "Please consider lifting the detainer.",
    },
    "es": {
        "RELEASE": "Les pido que consideren la puesta en libertad.",
        "CANCEL_NTA": "Les pido que consideren cancelar el aviso de comparecencia (NTA).",
        "STAY_OR_PAUSE_REMOVAL": "Les pido que consideren suspender la expulsión.",
        "NOT_EXECUTE_ORDER": "Les pido que consideren no ejecutar la orden de expulsión.",
        "DEFERRED_ACTION": "Les pido que consideren conceder acción diferida.",
        "PAROLE": "Les pido que consideren conceder el parole.",
        "OTHER": "Les pido que consideren levantar la orden de retención (detainer).",
    },
}

_MARKER = {
    ("en", True): "My neighbours on {marker} Street will speak for me.",
    ("en", False): "The neighbours on {marker} Street will speak for {name}.",
    ("es", True): "Mis vecinos de la calle {marker} pueden hablar a mi favor.",
    ("es", False): "El vecindario de la calle {marker} puede dar referencias de {name}.",
}

ODD_ENDINGS = (
    '\n\n=HYPERLINK("http://example.org/","letter")',
    " <script>alert('letter')</script>",
    " {{ 7 * 7 }} ${7*7} %(name)s",
    "\r\n\tPaid: 100 % \u2014 \u201creceipt\u201d \u2713 \U0001f64f",
    " \u0645\u0631\u062d\u0628\u0627 \u2067abc\u2069",
    "\n.\nQUIT",
)
"""Text that does harm where it is not treated as text: in spreadsheets, pages, templates, terminals, mail."""

RELATIONSHIPS = {
    "en": ("spouse", "sibling", "parent", "daughter", "cousin"),
    "es": ("cónyuge", "hermana", "padre", "hija", "primo"),
}


def narrative(story: Story, rng: Random) -> str:
    """A few sentences: where things stand, two circumstances, what is asked, and the marker."""
    key = (story.language, story.own)
    sentences = [
        rng.choice(_SITUATION[key][story.situation]),
        *rng.sample(_CIRCUMSTANCES[key], 2),
        _MARKER[key],
        _ASK[story.language][story.relief],
    ]
    return " ".join(sentences).format(
        name=story.name, where=story.where, facility=story.facility, when=_when(story), marker=story.marker
    )


def _when(story: Story) -> str:
    day = story.removal_on
    if day is None:
        return "any day now" if story.language == "en" else "en cualquier momento"
    return f"on {day.day} March" if story.language == "en" else f"el {day.day} de marzo"

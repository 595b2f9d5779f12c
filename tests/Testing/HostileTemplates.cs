namespace Tollgate.Testing;

/// <summary>Templates that try to take more time, memory or depth than a rendering may, for tests and benchmarks.</summary>
public static class HostileTemplates
{
    /// <summary>Makes two values that are nested 100,000 deep.</summary>
    public const string Chain = "{% set a = namespace(v=[1], w=[1]) %}"
        + "{% for i in range(100000) %}{% set a.v = [a.v] %}{% set a.w = [a.w] %}{% endfor %}";

    private const string Doubling = "{% set a = namespace(v=[1]) %}{% for i in range(60) %}{% set a.v = [a.v, a.v] %}{% endfor %}";

    private const string OtherDoubling = "{% set b = namespace(v=[1]) %}{% for i in range(60) %}{% set b.v = [b.v, b.v] %}{% endfor %}";

    private const string LongText = "{% set a = namespace(t='a') %}{% for i in range(19) %}{% set a.t = a.t + a.t %}{% endfor %}";

    /// <summary>Values that share parts, and so have 2^60 leaves; values nested 100,000 deep; values that hold themselves.</summary>
    public static IReadOnlyList<string> EndlessValues { get; } =
    [
        Doubling + OtherDoubling + "{{ a.v == b.v }}",
        Doubling + OtherDoubling + "{{ a.v != b.v }}",
        Doubling + OtherDoubling + "{{ a.v < b.v }}",
        Doubling + OtherDoubling + "{{ a.v in [b.v] }}",
        Doubling + OtherDoubling + "{{ [a.v, b.v] | unique | list }}",
        Doubling + OtherDoubling + "{{ [a.v, b.v] | sort }}",
        Doubling + OtherDoubling + "{{ [a.v, b.v] | max }}",
        Doubling + OtherDoubling + "{{ [a.v] | select('eq', b.v) | list }}",
        Doubling + OtherDoubling + "{{ {'x': a.v} == {'x': b.v} }}",
        Doubling + "{{ a.v }}",
        Doubling + "{{ a.v | tojson }}",
        Doubling + "{{ a.v | tojson(indent=16) }}",
        Doubling + "{{ a.v | string | length }}",
        Doubling + "{{ a.v ~ 'x' }}",
        Doubling + "{{ [a.v] | join }}",
        Doubling + "{{ {a.v: 1} }}",
        Doubling + "{{ missing[a.v] }}",
        Chain + "{{ a.v == a.w }}",
        Chain + "{{ a.v < a.w }}",
        Chain + "{{ a.v }}",
        Chain + "{{ a.v | tojson }}",
        "{% set a = namespace() %}{% set a.me = a %}{{ a }}",
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.x = b %}{% set b.x = a %}{{ a == b }}",
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.x = [b] %}{% set b.x = [a] %}{{ a.x == b.x }}",
    ];

    /// <summary>One step that touches much.</summary>
    public static IReadOnlyList<string> LargeSteps { get; } =
    [
        "{{ range(900000) | unique | length }}",
        "{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a[::-1] %}{% endfor %}",
        "{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a | list == a | list %}{% endfor %}",
        "{% set a = range(500000) %}{% for i in range(20000) %}{% set b = -1 in a %}{% endfor %}",
        "{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a | sum %}{% endfor %}",
        "{% set a = range(60000) %}{% set n = namespace(k=[]) %}"
            + "{% for i in range(3000) %}{% set n.k = [n.k, a[::-1]] %}{% endfor %}",
        "{% set n = namespace(k=[]) %}{% for i in range(900000) %}{% set n.k = [n.k, loop] %}{% endfor %}",
        "{% set n = namespace(k=[]) %}{% for i in range(900000) %}{% set n.k = [n.k, 'x'.strip] %}{% endfor %}",
        "{% set n = namespace(k=[]) %}"
            + "{% for i in range(900000) %}{% macro m() %}{% endmacro %}{% set n.k = [n.k, m] %}{% endfor %}",
        LongText + "{% set n = a.t + 'b' + a.t %}{% for i in range(2000) %}{% if n in a.t + a.t + a.t %}x{% endif %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t | upper %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t.strip('ab') %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t.startswith(a.t) %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t.count('aaaaaaaaaaaaaaab') %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t is lower %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t | int %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t | length %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = {}[a.t] %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = 'x'[a.t] %}{% endfor %}",
        LongText + "{% for i in range(200000) %}{% set b = a.t == a.t + '' %}{% endfor %}",
        LongText + "{% for c in a.t %}{% for d in a.t %}{% endfor %}{% endfor %}",
        LongText + "{{ a.t | replace('a', a.t) }}",
        LongText + "{{ a.t | replace('a', '\n') | indent(64, true, true) }}",
        LongText + "{{ a.t | replace('a', '<') | e | e | e | e | e | e }}",
        LongText + "{{ a.t.join(range(100000)) }}",
        LongText + "{{ a.t.split('a') | join(a.t) }}",
        LongText + "{{ strftime_now(a.t | replace('a', '%A')) }}{{ strftime_now(a.t | replace('a', '%A')) }}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if true %}{% if true %}{% if true %}{{ m(n) }}{% endif %}{% endif %}{% endif %}{% endmacro %}"
            + "{{ m(1) }}",
    ];

    /// <summary>Sources of up to a million signs, nested or repeated.</summary>
    /// <param name="divisor">Makes each so many times shorter.</param>
    public static IReadOnlyList<string> Long(int divisor = 1) =>
    [
        $"{{{{ {new string('-', 300_000 / divisor)}1 }}}}",
        $"{{{{ {string.Concat(Enumerable.Repeat("not ", 100_000 / divisor))}1 }}}}",
        $"{{{{ a{string.Concat(Enumerable.Repeat(".b", 200_000 / divisor))} }}}}",
        $"{{{{ a{string.Concat(Enumerable.Repeat("|trim", 150_000 / divisor))} }}}}",
        $"{{{{ a{string.Concat(Enumerable.Repeat("(", 150_000 / divisor))} }}}}",
        $"{{{{ {string.Concat(Enumerable.Repeat("''", 400_000 / divisor))} }}}}",
        $"{{{{ {string.Concat(Enumerable.Repeat("'a'", 300_000 / divisor))} }}}}",
        $"{{{{ {string.Concat(Enumerable.Repeat("{1:", 150_000 / divisor))} }}}}",
        $"{{{{ {string.Concat(Enumerable.Repeat("1 if 0 else ", 60_000 / divisor))}1 }}}}",
        $"{{{{ x is {string.Concat(Enumerable.Repeat("a(", 150_000 / divisor))} }}}}",
        $"{{% if 0 %}}{string.Concat(Enumerable.Repeat("{% elif 0 %}", 60_000 / divisor))}{{% endif %}}",
        $"{{% set {string.Concat(Enumerable.Repeat("a,", 300_000 / divisor))}a = 1 %}}",
        $"{{{{ {new string('9', 1_000_000 / divisor)} }}}}",
        $"{{{{ {new string('9', 1_000_000 / divisor)}.5 }}}}",
        $"{{{{ {new string('n', 1_000_000 / divisor)} }}}}",
        string.Concat(Enumerable.Repeat("{#", 400_000 / divisor)),
        new string('{', 1_000_000 / divisor),
    ];
}

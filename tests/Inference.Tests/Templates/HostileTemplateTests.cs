using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tests.Templates;

/// <summary>A template is a stranger's program: nothing it does may end the process, or take longer or more memory than a rendering
/// may.</summary>
public sealed class HostileTemplateTests
{
    private const string Doubling = "{% set a = namespace(v=[1]) %}{% for i in range(60) %}{% set a.v = [a.v, a.v] %}{% endfor %}";

    private const string OtherDoubling = "{% set b = namespace(v=[1]) %}{% for i in range(60) %}{% set b.v = [b.v, b.v] %}{% endfor %}";

    private const string Chain = "{% set a = namespace(v=[1], w=[1]) %}"
        + "{% for i in range(100000) %}{% set a.v = [a.v] %}{% set a.w = [a.w] %}{% endfor %}";

    private const string LongText = "{% set a = namespace(t='a') %}{% for i in range(19) %}{% set a.t = a.t + a.t %}{% endfor %}";

    private static readonly FakeTimeProvider Clock = new();

    /// <summary>Values that share parts, and so have 2^60 leaves; values nested 100,000 deep; values that hold themselves.</summary>
    [Theory]
    [InlineData(Doubling + OtherDoubling + "{{ a.v == b.v }}")]
    [InlineData(Doubling + OtherDoubling + "{{ a.v != b.v }}")]
    [InlineData(Doubling + OtherDoubling + "{{ a.v < b.v }}")]
    [InlineData(Doubling + OtherDoubling + "{{ a.v in [b.v] }}")]
    [InlineData(Doubling + OtherDoubling + "{{ [a.v, b.v] | unique | list }}")]
    [InlineData(Doubling + OtherDoubling + "{{ [a.v, b.v] | sort }}")]
    [InlineData(Doubling + OtherDoubling + "{{ [a.v, b.v] | max }}")]
    [InlineData(Doubling + OtherDoubling + "{{ [a.v] | select('eq', b.v) | list }}")]
    [InlineData(Doubling + OtherDoubling + "{{ {'x': a.v} == {'x': b.v} }}")]
    [InlineData(Doubling + "{{ a.v }}")]
    [InlineData(Doubling + "{{ a.v | tojson }}")]
    [InlineData(Doubling + "{{ a.v | tojson(indent=16) }}")]
    [InlineData(Doubling + "{{ a.v | string | length }}")]
    [InlineData(Doubling + "{{ a.v ~ 'x' }}")]
    [InlineData(Doubling + "{{ [a.v] | join }}")]
    [InlineData(Doubling + "{{ {a.v: 1} }}")]
    [InlineData(Doubling + "{{ missing[a.v] }}")]
    [InlineData(Chain + "{{ a.v == a.w }}")]
    [InlineData(Chain + "{{ a.v < a.w }}")]
    [InlineData(Chain + "{{ a.v }}")]
    [InlineData(Chain + "{{ a.v | tojson }}")]
    [InlineData("{% set a = namespace() %}{% set a.me = a %}{{ a }}")]
    [InlineData("{% set a = namespace() %}{% set b = namespace() %}{% set a.x = b %}{% set b.x = a %}{{ a == b }}")]
    [InlineData("{% set a = namespace() %}{% set b = namespace() %}{% set a.x = [b] %}{% set b.x = [a] %}{{ a.x == b.x }}")]
    public void Render_refuses_to_walk_a_value_without_end(string source) => Refuses(source);

    /// <summary>One step that touches much.</summary>
    [Theory]
    [InlineData("{{ range(900000) | unique | length }}")]
    [InlineData("{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a[::-1] %}{% endfor %}")]
    [InlineData("{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a | list == a | list %}{% endfor %}")]
    [InlineData("{% set a = range(500000) %}{% for i in range(20000) %}{% set b = -1 in a %}{% endfor %}")]
    [InlineData("{% set a = range(500000) %}{% for i in range(20000) %}{% set b = a | sum %}{% endfor %}")]
    [InlineData("{% set a = range(60000) %}{% set n = namespace(k=[]) %}"
        + "{% for i in range(3000) %}{% set n.k = [n.k, a[::-1]] %}{% endfor %}")]
    [InlineData("{% set n = namespace(k=[]) %}{% for i in range(900000) %}{% set n.k = [n.k, loop] %}{% endfor %}")]
    [InlineData("{% set n = namespace(k=[]) %}{% for i in range(900000) %}{% set n.k = [n.k, 'x'.strip] %}{% endfor %}")]
    [InlineData("{% set n = namespace(k=[]) %}"
        + "{% for i in range(900000) %}{% macro m() %}{% endmacro %}{% set n.k = [n.k, m] %}{% endfor %}")]
    [InlineData(LongText + "{% set n = a.t + 'b' + a.t %}{% for i in range(2000) %}{% if n in a.t + a.t + a.t %}x{% endif %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t | upper %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t.strip('ab') %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t.startswith(a.t) %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t.count('aaaaaaaaaaaaaaab') %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t is lower %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t | int %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t | length %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = {}[a.t] %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = 'x'[a.t] %}{% endfor %}")]
    [InlineData(LongText + "{% for i in range(200000) %}{% set b = a.t == a.t + '' %}{% endfor %}")]
    [InlineData(LongText + "{% for c in a.t %}{% for d in a.t %}{% endfor %}{% endfor %}")]
    [InlineData(LongText + "{{ a.t | replace('a', a.t) }}")]
    [InlineData(LongText + "{{ a.t | replace('a', '\n') | indent(64, true, true) }}")]
    [InlineData(LongText + "{{ a.t | replace('a', '<') | e | e | e | e | e | e }}")]
    [InlineData(LongText + "{{ a.t.join(range(100000)) }}")]
    [InlineData(LongText + "{{ a.t.split('a') | join(a.t) }}")]
    [InlineData(LongText + "{{ strftime_now(a.t | replace('a', '%A')) }}{{ strftime_now(a.t | replace('a', '%A')) }}")]
    [InlineData("{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}")]
    [InlineData("{% macro m(n) %}{% if true %}{% if true %}{% if true %}{{ m(n) }}{% endif %}{% endif %}{% endif %}{% endmacro %}"
        + "{{ m(1) }}")]
    public void Render_charges_each_operation_for_the_size_of_what_it_touches(string source) => Refuses(source);

    [Theory]
    [InlineData("{{ (0 - 9223372036854775807 - 1) | abs }}")]
    [InlineData("{{ -(0 - 9223372036854775807 - 1) }}")]
    [InlineData("{{ (0 - 9223372036854775807 - 1) // -1 }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ 9223372036854775807 * 2 }}")]
    [InlineData("{{ 10 ** 1000000 }}")]
    [InlineData("{{ 2 ** 63 }}")]
    [InlineData("{{ 0 ** -1 }}")]
    [InlineData("{{ 1 % 0 }}")]
    [InlineData("{{ (10.0 ** 300) | int }}")]
    [InlineData("{{ (10.0 ** 400) | int }}")]
    [InlineData("{% for i in range(0 - 9223372036854775807, 9223372036854775807) %}{% endfor %}")]
    [InlineData("{{ [1, 'a'] | sort }}")]
    [InlineData("{{ [1, none] | max }}")]
    public void Render_refuses_numbers_and_orders_that_do_not_exist(string source) => Refuses(source);

    [Theory]
    [InlineData("{{ (0 - 9223372036854775807 - 1) % -1 }}", "0")]
    [InlineData("{{ ((0 - 9223372036854775807 - 1) is divisibleby(-1)) | tojson }}", "true")]
    [InlineData("{{ range(9223372036854775000, 9223372036854775807, 500) | length }}", "2")]
    [InlineData("{{ range(5, 0, -9223372036854775807) | list }}", "[5]")]
    [InlineData("{{ [1, 2, 3][1::9223372036854775807] }}{{ [1, 2, 3][::-9223372036854775807] }}", "[2][3]")]
    [InlineData("{{ 'abc'[-9223372036854775807:9223372036854775807] }}", "abc")]
    [InlineData("{{ 3 ** 39 }} {{ 1 ** 9223372036854775807 }} {{ 2 ** -1 }}", "4052555153018976267 1 0.5")]
    [InlineData("{{ (9007199254740993 == 9007199254740992) | tojson }}", "false")]
    [InlineData(
        "{{ [3, 1, 2] | sort }}{{ ['b', 'A', 'a'] | sort }}{{ [1, 2, 3] | sort(reverse=true) }}",
        "[1, 2, 3]['A', 'a', 'b'][3, 2, 1]")]
    [InlineData("{{ 'aXbXc' | replace('X', '--') }}{{ 'a\nb\n\nc' | indent(2) }}|{{ 'a' | indent(2, true) }}", "a--b--ca\n  b\n\n  c|  a")]
    [InlineData("{{ 'aabaabaabaabaabaac'.find('aabaabaabaabaabaac') }} {{ 'x'.find('a long part of no text at all') }}", "0 -1")]
    [InlineData("{{ ('aaaaaaaaaaaaaaaaaaaab' in 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') | tojson }}", "true")]
    public void Render_calculates_at_the_edges(string source, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(source, Clock).Render([], true, "", ""));

    [Fact]
    public void Parse_takes_time_and_depth_by_the_size_of_the_source()
    {
        var clock = Stopwatch.StartNew();
        string[] sources =
        [
            $"{{{{ {new string('-', 300_000)}1 }}}}",
            $"{{{{ {string.Concat(Enumerable.Repeat("not ", 100_000))}1 }}}}",
            $"{{{{ a{string.Concat(Enumerable.Repeat(".b", 200_000))} }}}}",
            $"{{{{ a{string.Concat(Enumerable.Repeat("|trim", 150_000))} }}}}",
            $"{{{{ a{string.Concat(Enumerable.Repeat("(", 150_000))} }}}}",
            $"{{{{ {string.Concat(Enumerable.Repeat("''", 400_000))} }}}}",
            $"{{{{ {string.Concat(Enumerable.Repeat("'a'", 300_000))} }}}}",
            $"{{{{ {string.Concat(Enumerable.Repeat("{1:", 150_000))} }}}}",
            $"{{{{ {string.Concat(Enumerable.Repeat("1 if 0 else ", 60_000))}1 }}}}",
            $"{{{{ x is {string.Concat(Enumerable.Repeat("a(", 150_000))} }}}}",
            $"{{% if 0 %}}{string.Concat(Enumerable.Repeat("{% elif 0 %}", 60_000))}{{% endif %}}",
            $"{{% set {string.Concat(Enumerable.Repeat("a,", 300_000))}a = 1 %}}",
            $"{{{{ {new string('9', 1_000_000)} }}}}",
            $"{{{{ {new string('9', 1_000_000)}.5 }}}}",
            $"{{{{ {new string('n', 1_000_000)} }}}}",
            string.Concat(Enumerable.Repeat("{#", 400_000)),
            new string('{', 1_000_000),
        ];

        foreach (var source in sources)
        {
            var failure = Record.Exception(() => ChatTemplate.Parse(source, Clock).Render([], true, "", ""));
            Assert.True(failure is null or TemplateException { Message.Length: < 600 }, $"{source[..20]}: {failure}");
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Render_counts_filters_that_call_filters_as_depth()
    {
        var names = string.Concat(Enumerable.Repeat("'map',", 50_000));

        Refuses($"{Chain}{{{{ a.v | map({names} 'length') | list }}}}");
    }

    [Fact]
    public void Render_stops_when_its_caller_has_gone()
    {
        var template = ChatTemplate.Parse("{% for i in range(100000) %}{{ i }}{% endfor %}", Clock);
        using var gone = new CancellationTokenSource();
        gone.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => template.RenderSegments([new("user", "x")], true, "", "", gone.Token));
    }

    [Fact]
    public void Render_allows_a_long_chat_what_its_length_needs()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>\n' }}{% endfor %}", Clock);
        var messages = Enumerable.Range(0, 4000).Select(i => new TemplateMessage("user", new string('x', 1000))).ToArray();

        var text = template.Render(messages, true, "", "");

        Assert.Equal(4000 * (12 + 5 + 1000 + 11), text.Length);
    }

    /// <summary>Random programs from the grammar: every one renders or is refused, none fails otherwise.</summary>
    [Fact]
    public void Render_of_random_templates_gives_text_or_a_refusal()
    {
        var random = new Random(9);
        for (var i = 0; i < 4000; i++)
        {
            var source = new TemplateFuzz(random).Template();
            Try(source);
        }
    }

    /// <summary>Sound templates with a piece cut, doubled or exchanged: the parser accepts or refuses them.</summary>
    [Fact]
    public void Parse_of_damaged_templates_accepts_or_refuses()
    {
        var random = new Random(10);
        for (var i = 0; i < 4000; i++)
        {
            var source = new StringBuilder(new TemplateFuzz(random).Template());
            for (var change = random.Next(1, 4); change > 0 && source.Length > 2; change--)
            {
                var at = random.Next(source.Length - 1);
                var length = random.Next(1, Math.Min(8, source.Length - at));
                var piece = source.ToString(at, length);
                source.Remove(at, length).Insert(random.Next(source.Length + 1), random.Next(3) == 0 ? "" : piece);
            }

            Try(source.ToString());
        }
    }

    private static void Try(string source)
    {
        var failure = Record.Exception(() => ChatTemplate.Parse(source, Clock).Render(
            [new("user", "a \"b\" <c>\n"), new("assistant", "")], true, "<s>", "</s>"));

        Assert.True(failure is null or TemplateException, $"{source}\n{failure}");
    }

    /// <summary>The bounds are far above what a refusal takes, for a machine with other work.</summary>
    private static void Refuses(string source)
    {
        var template = ChatTemplate.Parse(source, Clock);
        var (before, clock) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());

        Assert.Throws<TemplateException>(() => template.Render([new("user", "x")], true, "", ""));

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L << 30);
    }
}

using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Templates;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Templates;

/// <summary>A template is a stranger's program: nothing it does may end the process, or take longer or more memory than a rendering
/// may.</summary>
public sealed class HostileTemplateTests
{
    private static readonly FakeTimeProvider Clock = new();

    public static TheoryData<string> EndlessValues => [.. HostileTemplates.EndlessValues];

    public static TheoryData<string> LargeSteps => [.. HostileTemplates.LargeSteps];

    /// <summary>Values that share parts, and so have 2^60 leaves; values nested 100,000 deep; values that hold themselves.</summary>
    [Theory]
    [MemberData(nameof(EndlessValues))]
    public void Render_refuses_to_walk_a_value_without_end(string source) => Refuses(source);

    /// <summary>One step that touches much.</summary>
    [Theory]
    [MemberData(nameof(LargeSteps))]
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
    public void Parse_takes_or_refuses_a_source_of_a_million_signs_at_any_depth()
    {
        foreach (var source in HostileTemplates.Long())
        {
            var failure = Record.Exception(() => ChatTemplate.Parse(source, Clock).Render([], true, "", ""));
            Assert.True(failure is null or TemplateException { Message.Length: < 600 }, $"{source[..20]}: {failure}");
        }
    }

    [Fact]
    public void Render_counts_filters_that_call_filters_as_depth()
    {
        var names = string.Concat(Enumerable.Repeat("'map',", 50_000));

        Refuses($"{HostileTemplates.Chain}{{{{ a.v | map({names} 'length') | list }}}}");
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

    /// <summary>The budget counts a rendering's work; <c>./tollgate bench growth</c> measures the time that a counted step takes.</summary>
    private static void Refuses(string source)
    {
        var template = ChatTemplate.Parse(source, Clock);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<TemplateException>(() => template.Render([new("user", "x")], true, "", ""));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L << 30);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Templates;

public sealed class ChatTemplateTests
{
    private static readonly string[] Chats =
    [
        """[{"role":"user","content":"Hello!"}]""",
        """[{"role":"system","content":" Be brief.\n"},{"role":"user","content":"  Ünï <|im_end|> \"q\"  "}]""",
        """[{"role":"user","content":"One"},{"role":"assistant","content":"Two"},{"role":"user","content":"Three\n\nlines\n"}]""",
    ];

    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2026, 3, 5, 14, 7, 9, TimeSpan.Zero));

    [Fact]
    public async Task Render_gives_what_the_reference_engine_gives()
    {
        var templates = JsonSerializer.Deserialize<List<string>>(await File.ReadAllTextAsync(Source("cases.json")))!;
        templates.Add(ReadTemplate(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf")));
        if (ModelFiles.SharedModel("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf") is var shared && File.Exists(shared))
        {
            templates.Add(ReadTemplate(shared));
        }

        var tools = """[{"type":"function","function":{"name":"find","parameters":{"n":1,"x":1.5,"é":[true,null,"<a>"]}}}]""";
        var cases = templates.SelectMany(
            t => Chats.SelectMany(c => (bool[])[true, false], (c, add) => (Template: t, Chat: c, Add: add))).ToArray();
        var expected = await NodeOracle.RunAsync("Templates/render.mjs", new JsonArray([.. cases.Select(c => (JsonNode)new JsonObject
        {
            ["template"] = c.Template,
            ["context"] = new JsonObject
            {
                ["messages"] = JsonNode.Parse(c.Chat),
                ["tools"] = JsonNode.Parse(tools),
                ["add_generation_prompt"] = c.Add,
                ["bos_token"] = "<s>",
                ["eos_token"] = "</s>",
            },
        })]));

        for (var i = 0; i < cases.Length; i++)
        {
            var (template, chat, add) = cases[i];
            var actual = Render(template, chat, add, tools);
            var wanted = (string?)expected[i]!["text"] ?? "refused";
            Assert.True(wanted == actual, $"Template: {template}\nChat: {chat}\nExpected: {wanted}\nActual:   {actual}");
        }
    }

    [Theory]
    [InlineData("{% for i in range(100000000) %}{% endfor %}")]
    [InlineData("{% for i in range(2000) %}{% for j in range(2000) %}{% for k in range(2000) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(t='aaaaaaaa') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}")]
    [InlineData("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me | tojson }}")]
    [InlineData(
        "{% set ns = namespace(t='ab') %}{% for i in range(40) %}{% set ns.t = ns.t | replace('a', 'aaaaaaaaaaaaaaaa') %}{% endfor %}")]
    public void Render_stops_a_template_that_would_not_end(string source)
    {
        var template = ChatTemplate.Parse(source, Clock);

        Assert.Throws<TemplateException>(() => template.Render([], true, "", ""));
    }

    [Theory]
    [InlineData("{% if %}")]
    [InlineData("{% for x in y %}")]
    [InlineData("{{ 'abc }}")]
    [InlineData("{{ a ")]
    [InlineData("{# never")]
    [InlineData("{% include 'file' %}")]
    [InlineData("{{ 99999999999999999999 }}")]
    [InlineData("{% endif %}")]
    public void Parse_refuses_what_is_no_template(string source) =>
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source, Clock));

    [Fact]
    public void Parse_refuses_deep_nesting_instead_of_overflowing()
    {
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse($"{{{{ {new string('(', 100_000)}", Clock));
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if a %}", 100_000)), Clock));
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse($"{{{{ {new string('[', 100_000)}", Clock));
        var chain = ChatTemplate.Parse($"{{{{ 1{string.Concat(Enumerable.Repeat("+1", 50_000))} }}}}", Clock);
        Assert.Throws<TemplateException>(() => chain.Render([], true, "", ""));
    }

    [Fact]
    public void Render_passes_on_what_the_template_refuses()
    {
        var template = ChatTemplate.Parse("{{ raise_exception('System role not supported') }}", Clock);

        var refusal = Assert.Throws<TemplateException>(() => template.Render([new("system", "x")], true, "", ""));

        Assert.True(refusal.RaisedByTemplate);
        Assert.Equal("System role not supported", refusal.Message);
    }

    [Fact]
    public void Render_knows_the_date() =>
        Assert.Equal("05 Mar 2026 14:07", ChatTemplate.Parse("{{ strftime_now('%d %b %Y %H:%M') }}", Clock).Render([], true, "", ""));

    [Fact]
    public void RenderSegments_keeps_the_callers_text_apart()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>\n' }}{% endfor %}"
            + "{{ messages[0].content | upper }}",
            Clock);

        var segments = template.RenderSegments([new("user", " <|im_end|> ")], true, "", "");

        Assert.Equal(
            [new("<|im_start|>", true), new("user", false), new("\n", true), new("<|im_end|>", false), new("<|im_end|>\n", true),
                new(" <|IM_END|> ", false)],
            segments);
    }

    private static string Render(string template, string chat, bool add, string tools)
    {
        try
        {
            using var messages = JsonDocument.Parse(chat);
            using var extra = JsonDocument.Parse($$"""{"tools":{{tools}}}""");
            return string.Concat(ChatTemplate.Parse(template, Clock).RenderJson(messages.RootElement, add, "<s>", "</s>", extra.RootElement)
                .Select(s => s.Text));
        }
        catch (TemplateException exception) when (exception.RaisedByTemplate)
        {
            return "refused";
        }
    }

    private static string ReadTemplate(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return file.Metadata.Get<string>("tokenizer.chat_template");
    }

    private static string Source(string name) =>
        Path.Combine(Path.GetDirectoryName(ModelFiles.Defaults)!, "tests", "Inference.Tests", "Templates", name);
}

using System.Text;
using System.Text.Json;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tests.Tools;

public sealed class CallScannerTests
{
    private static readonly CallSyntax Llama = new(CallShape.Objects, "", "", "parameters")
    {
        Before = "{\"name\": \"", Between = "\", \"parameters\": ", After = "}", Separator = "; ",
    };

    private static readonly CallSyntax Named = new(CallShape.Named, "[TOOL_CALLS]", "", "")
    {
        Before = "[TOOL_CALLS]", Between = "[ARGS]", After = "", Separator = "",
    };

    private static readonly HashSet<string> Functions = ["get_weather", "add"];

    public static TheoryData<string, string> Calls => new()
    {
        { "hermes", """<tool_call>{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}}</tool_call>""" },
        { "hermes", "\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, {\"c\": \"}\"}]}}\n</tool_call>\n" },
        { "hermes", """<tool_call>{"arguments": {"a": 1, "b": [2, {"c": "}"}]}, "name": "add"}</tool_call>""" },
        { "hermes", """<tool_call>{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}}""" },
        { "hermes", """<tool_call>{"name": "add", "id": 7, "arguments": {"a": 1, "b": [2, {"c": "}"}]}}</tool_call>""" },
        { "llama", """{"name": "add", "parameters": {"a": 1, "b": [2, {"c": "}"}]}}""" },
        { "llama", """<|python_tag|>{"type": "function", "name": "add", "parameters": {"a": 1, "b": [2, {"c": "}"}]}}""" },
        { "mistral", """[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}}]""" },
        { "mistral", """[TOOL_CALLS][{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}, "id": "abc123XYZ"}]""" },
        { "named", """[TOOL_CALLS]add[ARGS]{"a": 1, "b": [2, {"c": "}"}]}""" },
        { "named", """[TOOL_CALLS]add[CALL_ID]abc123XYZ[ARGS]{"a": 1, "b": [2, {"c": "}"}]}""" },
        { "generic", """{"name": "add", "arguments": {"a": 1, "b": [2, {"c": "}"}]}}""" },
    };

    public static TheoryData<string, string> SeveralCalls => new()
    {
        {
            "hermes",
            "<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>\n"
            + "<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}</tool_call>"
        },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {}}<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}" },
        { "llama", "{\"name\": \"add\", \"parameters\": {}}; {\"name\": \"get_weather\", \"parameters\": {}}" },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"get_weather\", \"arguments\": {}}]" },
        { "named", "[TOOL_CALLS]add[ARGS]{}[TOOL_CALLS]get_weather[ARGS]{}" },
        { "generic", "{\"name\": \"add\", \"arguments\": {}}\n{\"name\": \"get_weather\", \"arguments\": {}}" },
    };

    public static TheoryData<string, string> NoCalls => new()
    {
        { "hermes", """<tool_call>{"name": "drop_table", "arguments": {}}</tool_call>""" },
        { "hermes", """Look: <tool_call>{"name": "add", "arguments": {"a": 'x'}}</tool_call> there""" },
        { "hermes", """<tool_call>{"name": "add", "arguments": {"a": "x}}</tool_call>""" },
        { "hermes", """<tool_call>{"name": "add", "arguments": {"a": 01}}</tool_call>""" },
        { "hermes", """<tool_call>{"name": "add", "arguments": [1]}</tool_call>""" },
        { "hermes", """<tool_call>{"arguments": {}}</tool_call>""" },
        { "hermes", """A <tool_call and a <tool_cal and <""" },
        { "hermes", """{"name": "add", "arguments": {}}""" },
        { "hermes", """<think>I could <tool_call>{"name": "add", "arguments": {}}</tool_call> here""" },
        { "llama", """{"name": "drop_table", "parameters": {}}""" },
        { "llama", """Sure: {"name": "add", "parameters": {}}""" },
        { "llama", """{"temperature": 3}""" },
        { "mistral", """[TOOL_CALLS] {"nam""" },
        { "named", """[TOOL_CALLS]drop_table[ARGS]{}""" },
        { "named", """[TOOL_CALLS]add {}""" },
        { "generic", """  {"a": 1}  """ },
        { "generic", "" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_call_is_read_as_the_model_wrote_it_however_its_text_is_split(string family, string text)
    {
        for (var length = 1; length <= text.Length; length += length < 4 ? 1 : 7)
        {
            foreach (var constrained in (bool[])[false, true])
            {
                var read = Read(family, text, length, constrained: constrained);

                Assert.Equal("", read.Text);
                var (name, arguments, isWhole) = Assert.Single(read.Calls);
                Assert.Equal("add", name);
                Assert.Equal("""{"a": 1, "b": [2, {"c": "}"}]}""", arguments);
                Assert.True(isWhole);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SeveralCalls))]
    public void Several_calls_are_read_in_their_order_and_only_the_first_where_one_is_wanted(string family, string text)
    {
        for (var length = 1; length <= text.Length; length += length < 4 ? 1 : 7)
        {
            var read = Read(family, text, length);
            var one = Read(family, text, length, parallel: false);

            Assert.Equal(["add", "get_weather"], read.Calls.Select(call => call.Name));
            Assert.Equal("", read.Text);
            Assert.Equal(["add"], one.Calls.Select(call => call.Name));
            Assert.Equal("", one.Text);
        }
    }

    [Theory]
    [MemberData(nameof(NoCalls))]
    public void What_is_no_call_stays_text_to_the_last_character(string family, string text)
    {
        for (var length = 1; length <= text.Length + 1; length += length < 4 ? 1 : 7)
        {
            var read = Read(family, text, length);

            Assert.Equal(text, read.Text);
            Assert.Empty(read.Calls);
        }
    }

    [Fact]
    public void Text_around_calls_stays_and_white_space_beside_them_goes()
    {
        const string Call = "<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>";

        var read = Read("hermes", $"Let me see. \n{Call}\n \n{Call}\n And then.", 3);

        Assert.Equal("Let me see.And then.", read.Text);
        Assert.Equal(2, read.Calls.Count);
    }

    [Fact]
    public void A_call_behind_what_is_none_is_found()
    {
        var read = Read("hermes", """<tool_call>oops <tool_call>{"name": "add", "arguments": {}}</tool_call>""", 5);

        Assert.Equal("<tool_call>oops", read.Text);
        Assert.Single(read.Calls);
        Assert.Equal(["broken"], read.Unread);
    }

    [Theory]
    [InlineData(false, "<think>Not <tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call> yet.</think>\n\n")]
    [InlineData(true, "Not <tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call> yet.</think>\n\n")]
    [InlineData(false, "")]
    [InlineData(false, "<think>\n\n</think>\n\n")]
    public void Calls_are_found_behind_thinking_and_never_inside_it(bool opened, string thinking)
    {
        foreach (var length in (int[])[1, 3, 8, 1000])
        {
            var both = Read(
                "hermes", thinking + "<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>\n"
                + "<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}</tool_call>", length, thinks: opened);

            Assert.Equal(["add", "get_weather"], both.Calls.Select(call => call.Name));
            Assert.Equal(thinking.TrimEnd(), both.Text.TrimEnd());
        }
    }

    [Fact]
    public void A_cut_call_stays_unfinished_if_its_name_is_whole_and_is_text_else()
    {
        const string Cut = """<tool_call>{"name": "add", "arguments": {"a": 1, "b""";
        const string Early = """<tool_call>{"name": "ad""";

        var cut = Read("hermes", Cut, 4, isCut: true);
        var early = Read("hermes", Early, 4, isCut: true);
        var ended = Read("hermes", Cut, 4, isCut: false);

        Assert.Equal(("add", """{"a": 1, "b""", false), Assert.Single(cut.Calls));
        Assert.Equal("", cut.Text);
        Assert.Equal(Early, early.Text);
        Assert.Empty(early.Calls);
        Assert.Equal(Cut, ended.Text);
        Assert.Empty(ended.Calls);
    }

    [Theory]
    [InlineData("""{"name": "add"}""", "{}")]
    [InlineData("""{"name": "add", "arguments": null}""", "{}")]
    [InlineData("""{"name": "add", "arguments": "{\"a\": \"\u00e9\"}"}""", """{"a": "é"}""")]
    public void Arguments_are_an_object_also_where_the_model_writes_none(string call, string arguments) =>
        Assert.Equal(arguments, Assert.Single(Read("hermes", $"<tool_call>{call}</tool_call>", 4).Calls).Arguments);

    [Fact]
    public void Random_texts_lose_nothing_and_give_the_same_however_they_are_split()
    {
        string[] parts =
        [
            "<tool_call>", "</tool_call>", "{\"name\": \"add\", \"arguments\": {\"a\": \"<tool_call>\"}}", "{\"name\": \"add\"", "{", "}",
            "\n",
            " ", "hello", "<think>", "</think>", "<", "\"", "é😀", "[TOOL_CALLS]", "[{", "]", ",", "[ARGS]", "add", "\\",
        ];
        foreach (var family in (string[])["hermes", "llama", "mistral", "named", "generic"])
        {
            var random = new Random(11);
            for (var i = 0; i < 300; i++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => parts[random.Next(parts.Length)]));
                var isCut = random.Next(2) == 0;
                var whole = Read(family, text, text.Length, isCut: isCut);
                var split = Read(family, text, random.Next(1, 5), isCut: isCut);

                Assert.Equal(whole.Text, split.Text);
                Assert.Equal(whole.Calls, split.Calls);
                Assert.All(whole.Calls.Where(call => call.IsWhole), call => JsonDocument.Parse(call.Arguments).Dispose());
                if (whole.Calls.Count == 0)
                {
                    Assert.Equal(text, whole.Text);
                }
            }
        }
    }

    [Fact]
    public void Parts_say_where_in_the_answer_they_lie()
    {
        const string Text = "Ünï <tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call> 😀 end";
        var scanner = Make("hermes");

        ScannedPart[] parts = [.. scanner.Read(Text), .. scanner.End(isCut: false)];

        Assert.Equal(["Ünï", "", "😀 end"], parts.Select(part => part.Text));
        var all = Encoding.UTF8.GetBytes(Text);
        Assert.All(
            parts.Where(part => part.Call is null),
            part => Assert.EndsWith(part.Text, Encoding.UTF8.GetString(all[(int)part.Start..(int)part.End]), StringComparison.Ordinal));
    }

    private static CallScanner Make(
        string family, bool parallel = true, bool constrained = false, bool thinks = false, List<string>? unread = null) => new(
        family switch
        {
            "hermes" => CallSyntax.Hermes,
            "llama" => Llama,
            "mistral" => CallSyntax.Mistral,
            "named" => Named,
            _ => CallSyntax.Generic,
        },
        Functions, parallel, constrained, thinks, why => unread?.Add(why));

    private static Answer Read(
        string family, string text, int length, bool parallel = true, bool constrained = false, bool thinks = false, bool isCut = false)
    {
        var unread = new List<string>();
        var scanner = Make(family, parallel, constrained, thinks, unread);
        var (all, calls) = (new StringBuilder(), new List<(string Name, string Arguments, bool IsWhole)>());
        for (var at = 0; at < text.Length; at += length)
        {
            Add(scanner.Read(text.Substring(at, Math.Min(length, text.Length - at))));
        }

        Add(scanner.End(isCut));
        Assert.Equal(calls.Count(call => call.IsWhole), scanner.Whole);
        return new Answer(all.ToString(), calls, unread);

        void Add(IReadOnlyList<ScannedPart> parts)
        {
            foreach (var part in parts)
            {
                all.Append(part.Text);
                if (part.Call is not { } piece)
                {
                    continue;
                }

                Assert.Equal(piece.IsFirst, piece.Index == calls.Count);
                if (piece.IsFirst)
                {
                    calls.Add((piece.Name, "", false));
                }

                calls[^1] = (piece.Name, calls[^1].Arguments + piece.Arguments, piece.IsLast);
            }
        }
    }

    private sealed record Answer(
        string Text, IReadOnlyList<(string Name, string Arguments, bool IsWhole)> Calls, IReadOnlyList<string> Unread);
}

using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tasks.Chat.Constraints;
using Tollgate.Inference.Tasks.Chat.Tools;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tests.Tasks.Chat.Tools;

/// <summary>Answers by a writer that likes the marks of calls and knows nothing of them.</summary>
public sealed class CallHoldTests
{
    private const int Silent = 256;
    private const int End = 257;

    private static readonly string[] Pieces =
    [
        "<tool_call>", "<tool", "_call", "_call>", ">\n", ">{\"", "<", "[TOOL_CALLS]", "[TOOL", "_CALLS]", "] [{\"", "[ARGS]", "<think>",
        "</think>", "</tool_call>", "{", "{\"", "name", "\"name\"", "\":", "\": ", "\": \"", "add", "get_weather", "get_", "\", \"",
        "arguments", "parameters", "\", \"arguments\":", "\", \"parameters\": ", ":{\"", ": {\"", ": [", "\", \"arguments\": \"", "}", "}}",
        "}\n", "};", "\n", " ", "hello", "é", "[", "]", ",", "a", "b", "city", "1", "null", "<|python_tag|>",
    ];

    private static readonly TokenVocabulary Vocabulary = new(
        [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), [], [], .. Pieces.Select(Encoding.UTF8.GetBytes)], [End]);

    private static readonly Dictionary<string, CallSyntax> Families = new()
    {
        ["hermes"] = CallSyntax.Hermes,
        ["on one line"] = new(CallShape.Objects, "<tool_call>", "</tool_call>", "arguments")
        {
            Before = "<tool_call>{\"name\": \"", Between = "\", \"arguments\": ", After = "}</tool_call>", Separator = "",
        },
        ["llama"] = new(CallShape.Objects, "", "", "parameters")
        {
            Before = "{\"name\": \"", Between = "\", \"parameters\": ", After = "}", Separator = "; ",
        },
        ["mistral"] = CallSyntax.Mistral,
        ["named"] = new(CallShape.Named, "[TOOL_CALLS]", "", "")
        {
            Before = "[TOOL_CALLS]", Between = "[ARGS]", After = "", Separator = "",
        },
        ["generic"] = CallSyntax.Generic,
    };

    public static TheoryData<string, bool> FamiliesAndParallel
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var family in Families.Keys)
            {
                data.Add(family, true);
                data.Add(family, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FamiliesAndParallel))]
    public void Whatever_is_written_a_call_that_has_begun_becomes_whole(string family, bool parallel)
    {
        var syntax = Families[family];
        var guide = Task.FromResult(Guide(syntax, parallel));
        var whole = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var writer = new Writer(syntax, guide, parallel, thinks: seed % 8 == 0, seed);
            if (seed % 2 == 1 && !syntax.IsMarked)
            {
                writer.Write("{\"name\": \"get_weather\", \"arguments\"");
                writer.Step(':');
            }

            while (!writer.HasEnded)
            {
                writer.Step();
            }

            var held = Read(syntax, parallel, seed % 8 == 0, isConstrained: true, writer);
            var free = Read(syntax, parallel, seed % 8 == 0, isConstrained: false, writer);
            Assert.Equal(free.Text, held.Text);
            Assert.Equal(free.Calls, held.Calls);
            Assert.DoesNotContain("unknown", syntax.IsMarked ? held.Unread : []);
            Assert.DoesNotContain("broken", syntax.IsMarked && !writer.IsCut ? held.Unread : []);
            Assert.True(parallel || held.Calls.Count <= 1);
            foreach (var call in held.Calls.Where(call => call.IsWhole))
            {
                whole++;
                Assert.Contains(call.Name, (string[])["add", "get_weather"]);
                var arguments = JsonElement.Parse(call.Arguments);
                Assert.Equal(JsonValueKind.Object, arguments.ValueKind);
                Assert.True(
                    (!syntax.IsMarked && seed % 2 == 0) || call.Name == "add"
                        || arguments.GetProperty("city").ValueKind == JsonValueKind.String, call.Arguments);
            }
        }

        Assert.InRange(whole, 15, int.MaxValue);
    }

    [Fact]
    public void Text_is_free_to_the_last_token_until_a_mark_can_be_completed()
    {
        var writer = new Writer(CallSyntax.Hermes, new TaskCompletionSource<CallGuide>().Task, parallel: true, thinks: false, seed: 1);

        foreach (var text in (string[])["", "Hello", " é\xFF", " and a > b", "{\"name\": \"drop\", \"arguments\": "])
        {
            writer.Write(text);
            writer.Take("</tool_call>");
            writer.Take(Silent);
            Assert.True(writer.IsReady);
            Assert.All(writer.Allowed(), Assert.True);
            Assert.False(writer.Hold.DecidesEnd);
        }
    }

    [Theory]
    [InlineData("hermes", ">\n")]
    [InlineData("on one line", ">{\"")]
    public void A_token_that_completes_a_mark_goes_on_as_calls_do_or_is_impossible(string family, string right)
    {
        var syntax = Families[family];
        var writer = new Writer(syntax, Task.FromResult(Guide(syntax, parallel: true)), parallel: true, thinks: false, seed: 1);

        writer.Write("So <tool_call");
        var allowed = writer.Allowed();

        Assert.Equal([right], allowed.Index().Where(token => token.Item && token.Index > End).Select(token => Pieces[token.Index - End - 1])
            .Where(piece => piece.StartsWith('>')));
        Assert.Equal(Pieces.Length - 1, allowed[(End + 1)..].Count(isAllowed => isAllowed));
        Assert.All(allowed[..(End + 1)], Assert.True);
        writer.Take(right);
        Assert.True(writer.Hold.DecidesEnd);
        Assert.False(writer.Allowed()[End]);
    }

    [Fact]
    public void A_mark_in_thinking_begins_nothing()
    {
        var writer = new Writer(
            CallSyntax.Hermes, new TaskCompletionSource<CallGuide>().Task, parallel: true, thinks: false, seed: 1);

        writer.Take("<think>");
        writer.Write("I could <tool_call>x");

        Assert.True(writer.IsReady);
        Assert.All(writer.Allowed(), Assert.True);
    }

    [Theory]
    [InlineData("""{"name": "Ada"}""")]
    [InlineData("""{"name": "add"}""")]
    [InlineData("""{"name": "adder", "arguments": "none"}""")]
    [InlineData("""{"name": "get_weather", "note": {"arguments": 1}}""")]
    [InlineData("""{"name": {"name": "add", "arguments": 1}}""")]
    [InlineData("""{"arguments": [], "age": 3}""")]
    [InlineData("""{"temperature": 3}, {"name": "x"}""")]
    public void Where_calls_have_no_mark_an_ordinary_object_stays_possible(string text)
    {
        foreach (var family in (string[])["llama", "generic"])
        {
            var writer = new Writer(
                Families[family], Task.FromResult(Guide(Families[family], parallel: true)), parallel: true, thinks: false, seed: 1);

            writer.Write(text);

            Assert.True(writer.Allowed()[End]);
            Assert.False(writer.Hold.DecidesEnd);
        }
    }

    [Theory]
    [InlineData("""{"name": "add", "arguments":""")]
    [InlineData("""{ "name" : "add" ,"parameters" :""")]
    public void Where_calls_have_no_mark_the_key_behind_a_functions_name_begins_one(string text)
    {
        foreach (var family in (string[])["llama", "generic"])
        {
            var writer = new Writer(
                Families[family], Task.FromResult(Guide(Families[family], parallel: true)), parallel: true, thinks: false, seed: 1);

            writer.Write(text);
            var allowed = writer.Allowed();

            Assert.True(writer.Hold.DecidesEnd);
            Assert.True(allowed['{']);
            Assert.False(allowed['[']);
            Assert.False(allowed[End]);
        }
    }

    [Fact]
    public async Task A_mark_that_comes_before_the_grammar_waits_for_it()
    {
        var guide = new TaskCompletionSource<CallGuide>(TaskCreationOptions.RunContinuationsAsynchronously);
        var writer = new Writer(CallSyntax.Hermes, guide.Task, parallel: true, thinks: false, seed: 1);

        writer.Write("So ");
        writer.Take("<tool_call>");
        Assert.False(writer.IsReady);
        guide.SetResult(Guide(CallSyntax.Hermes, parallel: true));
        await writer.Woken;

        var allowed = writer.Allowed();
        Assert.Equal(["\n"], allowed.Index().Where(token => token.Item && token.Index < 256).Select(token => $"{(char)token.Index}"));
    }

    [Fact]
    public async Task A_grammar_that_cannot_be_made_ends_only_answers_in_which_a_call_begins()
    {
        var guide = Task.FromException<CallGuide>(new AnswerException(OpenAiError.Overloaded(TimeSpan.FromSeconds(1))));
        var writer = new Writer(CallSyntax.Hermes, guide, parallel: true, thinks: false, seed: 1);

        writer.Write("Without a call. ");
        Assert.All(writer.Allowed(), Assert.True);
        writer.Take("<tool_call>");
        await writer.Woken;

        Assert.Equal(503, Assert.Throws<AnswerException>(() => writer.Hold.Restrict(new float[10])).Error.Status);
    }

    private static CallGuide Guide(CallSyntax syntax, bool parallel)
    {
        var body = $$$$"""
            {"model":"m","messages":[{"role":"user","content":"x"}],"parallel_tool_calls":{{{{(parallel ? "true" : "false")}}}},"tools":[
             {"type":"function","function":{"name":"get_weather","parameters":{"type":"object",
              "properties":{"city":{"type":"string"}},"required":["city"]}}},
             {"type":"function","function":{"name":"add"}}]}
            """;
        Assert.True(ChatRequest.TryParse(Encoding.UTF8.GetBytes(body), out var request, out var error), error?.Message);
        return new CallGuide(new AnswerGrammar(request, syntax, opensThinking: false).Compile(), Vocabulary);
    }

    private static CallScanner Scanner(CallSyntax syntax, bool parallel, bool thinks, bool isConstrained, List<string> unread) =>
        new(syntax, new HashSet<string> { "add", "get_weather" }, parallel, isConstrained, thinks, unread.Add);

    private static Answer Read(CallSyntax syntax, bool parallel, bool thinks, bool isConstrained, Writer writer)
    {
        var answer = new Answer([], []);
        var scanner = Scanner(syntax, parallel, thinks, isConstrained, answer.Unread);
        var text = Encoding.UTF8.GetString([.. writer.Text]);
        for (var at = 0; at < text.Length; at += 3)
        {
            answer.Add(scanner.Read(text.Substring(at, Math.Min(3, text.Length - at))));
        }

        answer.Add(scanner.End(writer.IsCut));
        return answer;
    }

    private sealed record Answer(List<(string Name, string Arguments, bool IsWhole)> Calls, List<string> Unread)
    {
        public string Text { get; private set; } = "";

        public void Add(IReadOnlyList<ScannedPart> parts)
        {
            foreach (var part in parts)
            {
                Text += part.Text;
                if (part.Call is { } piece)
                {
                    if (piece.IsFirst)
                    {
                        Calls.Add((piece.Name, "", false));
                    }

                    Calls[^1] = (piece.Name, Calls[^1].Arguments + piece.Arguments, piece.IsLast);
                }
            }
        }
    }

    private sealed class Writer
    {
        private const int Tokens = 300;

        private readonly Random _random;
        private readonly object _ready = new();
        private readonly TaskCompletionSource _woken = new();
        private readonly float[] _logits = new float[Vocabulary.Size];
        private int _left = Tokens;
        private bool _ended;

        public Writer(CallSyntax syntax, Task<CallGuide> guide, bool parallel, bool thinks, int seed)
        {
            _random = new Random(seed);
            Hold = new CallHold(
                Scanner(syntax, parallel, thinks, isConstrained: false, []), Vocabulary.BytesOf,
                Pieces.Any(piece => syntax.GoesPastBeginning(Encoding.UTF8.GetBytes(piece))), guide, _left, Wake);
        }

        public CallHold Hold { get; }

        public List<byte> Text { get; } = [];

        public bool IsReady => Hold.IsReady;

        public bool IsCut => _left == 0 && !Hold.IsComplete;

        public bool HasEnded => _ended || _left == 0 || Hold.IsComplete;

        /// <summary>Ends when the constraint has woken its scheduler.</summary>
        public Task Woken => _woken.Task;

        public bool[] Allowed()
        {
            WaitUntilReady();
            Array.Clear(_logits);
            Hold.Restrict(_logits);
            return [.. _logits.Select(logit => !float.IsNegativeInfinity(logit))];
        }

        /// <summary>Writes a text byte by byte, each of which must be allowed.</summary>
        public void Write(string text)
        {
            foreach (var value in Encoding.UTF8.GetBytes(text))
            {
                Assert.True(Allowed()[value], $"{(char)value} of {text}");
                Take(value);
            }
        }

        /// <summary>Writes one of the allowed tokens, mostly a piece.</summary>
        public void Step()
        {
            var allowed = Allowed();
            var choices = Enumerable.Range(0, allowed.Length).Where(token => allowed[token]).ToList();
            var pieces = choices.FindAll(token => token > End);
            var token = pieces.Count > 0 && _random.Next(8) > 0 ? pieces[_random.Next(pieces.Count)] : choices[_random.Next(choices.Count)];
            if (token == End)
            {
                _ended = true;
                return;
            }

            Take(token);
        }

        /// <summary>Writes a token that begins with a character.</summary>
        public void Step(char first)
        {
            var allowed = Allowed();
            var choices = Enumerable.Range(0, allowed.Length).Where(
                token => allowed[token] && Vocabulary.BytesOf(token) is [var value, ..] && value == first).ToList();
            Take(choices[_random.Next(choices.Count)]);
        }

        public void Take(string piece) => Take(End + 1 + Array.IndexOf(Pieces, piece));

        public void Take(int token)
        {
            WaitUntilReady();
            Hold.Accept(token, --_left);
            Text.AddRange(Vocabulary.BytesOf(token));
        }

        private void WaitUntilReady()
        {
            lock (_ready)
            {
                while (!Hold.IsReady)
                {
                    Assert.True(Monitor.Wait(_ready, TimeSpan.FromMinutes(1)));
                }
            }
        }

        private void Wake()
        {
            _woken.TrySetResult();
            lock (_ready)
            {
                Monitor.PulseAll(_ready);
            }
        }
    }
}

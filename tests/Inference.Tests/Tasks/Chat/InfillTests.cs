using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Models whose vocabulary has the marks for a gap in a text.</summary>
public sealed class InfillTests(InfillTests.GapFiller worker) : IClassFixture<InfillTests.GapFiller>
{
    private const int ByteEntries = 256;
    private static readonly string[] Marks = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>"];
    private static readonly BpeVocabulary Vocabulary = ReadVocabulary();

    public static TheoryData<string, string, string, string> Families => new()
    {
        { "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>" },
        { "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>" },
        { "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>" },
        { "<PRE>", "<SUF>", "<MID>", "<EOT>" }, { "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Find_knows_the_marks_of_each_family_as_control_and_as_user_defined_tokens(
        string prefix, string suffix, string middle, string end)
    {
        string[] texts = [middle, "<other>", prefix, end, suffix];
        foreach (var control in (bool[])[true, false])
        {
            var marks = InfillMarks.Find(Bytes(texts, control))!;

            Assert.Equal(
                (ByteEntries + 2, ByteEntries + 4, ByteEntries, ByteEntries + 3),
                (marks.Prefix, marks.Suffix, marks.Middle, Assert.Single(marks.Ends)));
        }

        Assert.Null(InfillMarks.Find(Bytes([prefix, suffix, end], control: true)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EncodeText_takes_a_mark_that_is_written_out_for_text(bool control)
    {
        var tokenizer = Bytes(["<PRE>", "<SUF>", "<MID>"], control);
        const string Text = "a<PRE>b<<SUF>>é<MID><MID";
        var ids = new List<int>();

        InfillMarks.Find(tokenizer)!.EncodeText(Text, ids);

        Assert.All(ids, id => Assert.InRange(id, 0, ByteEntries - 1));
        Assert.Equal(Text, Encoding.UTF8.GetString([.. ids.SelectMany(id => tokenizer.TokenBytes(id).ToArray())]));
    }

    [Fact]
    public async Task A_gap_is_filled_from_prefix_suffix_and_middle_marks_in_this_order()
    {
        var (before, after) = (Encode("def add(a, b):"), Encode("    return c <|fim_middle|>"));
        int[] arranged = [GapFiller.Mark(0), .. before, GapFiller.Mark(1), .. after, GapFiller.Mark(2)];

        var filled = await CompleteAsync(new JsonObject { ["prompt"] = "def add(a, b):", ["suffix"] = "    return c <|fim_middle|>" });
        var given = await CompleteAsync(new JsonObject { ["prompt"] = Ids(before), ["suffix"] = "    return c <|fim_middle|>" });
        var plain = await CompleteAsync(new JsonObject
        {
            ["prompt"] = Ids(arranged),
            ["stop_token_ids"] = Ids([GapFiller.Mark(3), 0]), // The family's own ends.
        });

        Assert.Equal(plain["choices"]!.ToJsonString(), filled["choices"]!.ToJsonString());
        Assert.Equal(plain["usage"]!.ToJsonString(), filled["usage"]!.ToJsonString());
        Assert.Equal(plain["choices"]!.ToJsonString(), given["choices"]!.ToJsonString());
        Assert.Equal(arranged.Length, (int)filled["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Each_prompt_of_a_list_has_its_own_gap_and_echo_puts_the_prompt_alone_before_it()
    {
        var answer = await CompleteAsync(
            new JsonObject { ["prompt"] = new JsonArray("one", "two"), ["suffix"] = " three", ["echo"] = true, ["n"] = 2 });

        var texts = answer["choices"]!.AsArray().Select(choice => (string)choice!["text"]!).ToList();
        Assert.Equal(4, texts.Count);
        Assert.All(texts.Take(2), text => Assert.StartsWith("one", text, StringComparison.Ordinal));
        Assert.All(texts.Skip(2), text => Assert.StartsWith("two", text, StringComparison.Ordinal));
        var marks = 3 * 2;
        Assert.Equal(Encode("one").Length + Encode("two").Length + (2 * Encode(" three").Length) + marks,
            (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task No_request_with_a_suffix_passes_the_bound_of_a_gateway()
    {
        var status = await WorkerFixture.StatusAsync(worker.Gateway);
        var measure = status.Models.Single(model => model.Card.Name == GapFiller.Name).Card.Measure!;
        string[] texts = ["", "x", "<|fim_prefix|>", "🚀é中", new string(' ', 40), "<|fim_pad|><|fim_suffix|>é"];
        foreach (var prompt in texts)
        {
            foreach (var suffix in texts)
            {
                var body = new JsonObject
                {
                    ["model"] = GapFiller.Name, ["prompt"] = new JsonArray(prompt, "y"), ["suffix"] = suffix, ["max_tokens"] = 1,
                };
                Assert.True(CompletionRequest.TryParse(Encoding.UTF8.GetBytes(body.ToJsonString()), out var request, out _));

                using var response = await worker.SendAsync(
                    "/v1/completions", body, bound: new Units(measure.MostTokens(request), Output: 2).ToString());

                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }
    }

    private async Task<JsonNode> CompleteAsync(JsonObject members)
    {
        members["model"] = GapFiller.Name;
        members["temperature"] = 0;
        members["max_tokens"] = 12;
        using var response = await worker.SendAsync("/v1/completions", members);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static JsonArray Ids(IEnumerable<int> ids) => new([.. ids.Select(id => (JsonNode)id)]);

    private static int[] Encode(string text)
    {
        var ids = new List<int>();
        new BpeTokenizer(GapFiller.WithMarks(Vocabulary)).Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }

    /// <summary>A tokenizer of single bytes and some special tokens.</summary>
    private static BpeTokenizer Bytes(string[] specials, bool control)
    {
        int[] ids = [.. Enumerable.Range(ByteEntries, specials.Length)];
        return new BpeTokenizer(new BpeVocabulary
        {
            PreTokenizer = "gpt-2",
            Tokens = [.. Enumerable.Range(0, ByteEntries).Select(value => ByteAlphabet.ToChar((byte)value).ToString()), .. specials],
            Control = control ? ids : [],
            UserDefined = control ? [] : ids,
            Merges = [],
        });
    }

    private static BpeVocabulary ReadVocabulary()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        return GgufVocabulary.Read(file.Metadata, 4096);
    }

    /// <summary>tiny-assistant whose last four tokens are the marks of Qwen's family; their merges are gone.</summary>
    public sealed class GapFiller : ImportedWorker
    {
        public const string Name = "gap-filler";

        private const int ControlType = 3;

        public static int Mark(int index) => Vocabulary.Tokens.Count - Marks.Length + index;

        internal static BpeVocabulary WithMarks(BpeVocabulary vocabulary) => vocabulary with
        {
            Tokens = [.. vocabulary.Tokens.SkipLast(Marks.Length), .. Marks],
            Merges = [.. vocabulary.Merges.SkipLast(Marks.Length)],
            Control = [.. vocabulary.Control, .. Enumerable.Range(Mark(0), Marks.Length)],
        };

        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            using var folder = new TemporaryFolder();
            var changed = WithMarks(Vocabulary);
            var file = await GgufEdit.WriteAsync(
                folder, ("tokenizer.ggml.tokens", changed.Tokens.ToArray()), ("tokenizer.ggml.merges", changed.Merges.ToArray()),
                ("tokenizer.ggml.token_type", changed.Tokens.Select((_, id) => changed.Control.Contains(id) ? ControlType : 1).ToArray()));
            await ModelImport.RunAsync(file, Name, Repository, new(), progress: null, CancellationToken.None);
            return [Name];
        }
    }
}

using System.Text.Json.Nodes;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>
/// Writes the folder of a small multilingual Whisper that hears Japanese in everything. What it writes depends on the last token alone:
/// <c>né</c> when it transcribes, <c>hi</c> when it translates, both from 0 s on and to 1 s. Each byte is a token.
/// </summary>
internal static class ToyWhisper
{
    public const int End = 256;
    public const int Japanese = 260;

    public const int Start = 257;
    public const int Translate = 261;
    public const int Transcribe = 262;
    public const int NoSpeech = 264;
    public const int NoTimestamps = 265;
    public const int FirstTimestamp = 266;
    public const int Vocabulary = FirstTimestamp + 1501;

    private const int Width = 4;

    private static readonly string[] Added =
    [
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|fr|>", "<|ja|>", "<|translate|>", "<|transcribe|>", "<|startofprev|>",
        "<|nospeech|>", "<|notimestamps|>",
    ];

    /// <summary>What follows each token; the end follows all others.</summary>
    private static readonly (int From, int To)[] Chain =
    [
        (Start, Japanese),
        (Transcribe, FirstTimestamp), (NoTimestamps, 'n'), (FirstTimestamp, 'n'), ('n', 0xC3), (0xC3, 0xA9), (0xA9, FirstTimestamp + 50),
        (Translate, FirstTimestamp + 1), (FirstTimestamp + 1, 'h'), ('h', 'i'), ('i', FirstTimestamp + 50),
    ];

    /// <summary>A token that may follow another one, and its logit. All others have 0.</summary>
    public readonly record struct Link(int From, int To, float Logit);

    /// <summary>The chain, with the end where the rules exclude what follows.</summary>
    private static IEnumerable<Link> Links =>
        Chain.SelectMany(link => (Link[])[new(link.From, link.To, 20), new(link.From, End, 10)]);

    /// <param name="more">Links of tokens that are not in the chain, or that replace theirs in it.</param>
    public static void Write(string folder, params IReadOnlyList<Link> more)
    {
        WriteEncoder(Path.Combine(folder, "encoder_model.onnx"));
        WriteDecoder(
            Path.Combine(folder, "decoder_model_merged.onnx"),
            [.. Links.Where(link => more.All(other => other.From != link.From)), .. more]);
        WriteSettings(folder, 448);
    }

    /// <summary>Writes the files beside the graphs.</summary>
    /// <param name="suppressed">Tokens that are never chosen.</param>
    /// <param name="heads">Heads that find words.</param>
    public static void WriteSettings(string folder, int positions, IEnumerable<int>? suppressed = null, JsonArray? heads = null)
    {
        WriteJson(folder, "config.json", new JsonObject { ["model_type"] = "whisper", ["max_target_positions"] = positions });
        WriteJson(folder, "preprocessor_config.json", new JsonObject
        {
            ["feature_size"] = 80, ["sampling_rate"] = 16_000, ["n_fft"] = 400, ["hop_length"] = 160, ["chunk_length"] = 30,
        });
        WriteJson(folder, "generation_config.json", new JsonObject
        {
            ["is_multilingual"] = true,
            ["alignment_heads"] = heads,
            ["suppress_tokens"] = new JsonArray([.. (suppressed ?? []).Select(id => (JsonNode)id)]),
            ["lang_to_id"] = new JsonObject { ["<|en|>"] = 258, ["<|fr|>"] = 259, ["<|ja|>"] = Japanese },
        });
        WriteJson(folder, "tokenizer.json", new JsonObject
        {
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["added_tokens"] = new JsonArray([.. Added.Select((text, i) => new JsonObject { ["id"] = 256 + i, ["content"] = text })]),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(Enumerable.Range(0, 256).Select(value =>
                    KeyValuePair.Create(ByteAlphabet.ToChar((byte)value).ToString(), (JsonNode?)value))),
                ["merges"] = new JsonArray(),
            },
        });
    }

    public static void WriteJson(string folder, string name, JsonObject content) =>
        File.WriteAllText(Path.Combine(folder, name), content.ToJsonString());

    private static void WriteEncoder(string path)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_features", typeof(float), "batch", 80, 3000);
        graph.Initializer("left", new float[1500 * 80], 1500, 80);
        graph.Initializer("right", new float[3000 * Width], 3000, Width);
        graph.Node("MatMul", "", ["left", "input_features"], ["wide"]);
        graph.Node("MatMul", "", ["wide", "right"], ["last_hidden_state"]);
        graph.Output("last_hidden_state", typeof(float), "batch", 1500, Width);
        graph.Write(path);
    }

    private static void WriteDecoder(string path, IReadOnlyList<Link> links)
    {
        var froms = links.Select(link => link.From).Distinct().ToList();
        var states = froms.Count + 1;
        var (state, logits) = (new float[Vocabulary * states], new float[states * Vocabulary]);
        for (var token = 0; token < Vocabulary; token++)
        {
            state[(token * states) + froms.IndexOf(token) + 1] = 1;
        }

        logits[End] = 20;
        foreach (var link in links)
        {
            logits[((froms.IndexOf(link.From) + 1) * Vocabulary) + link.To] = link.Logit;
        }

        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("encoder_hidden_states", typeof(float), "batch", 1500, Width);
        graph.Input("use_cache_branch", typeof(bool), 1);
        graph.Initializer("state", state, Vocabulary, states);
        graph.Initializer("next", logits, states, Vocabulary);
        graph.Initializer("cached", new float[Vocabulary * Width], Vocabulary, Width);
        graph.Initializer("one", [1L], 1);
        graph.Node("Gather", "", ["state", "input_ids"], ["states"]);
        graph.Node("MatMul", "", ["states", "next"], ["logits"]);
        graph.Node("Gather", "", ["cached", "input_ids"], ["flat"]);
        graph.Node("Unsqueeze", "", ["flat", "one"], ["own"]);
        graph.Node("Unsqueeze", "", ["encoder_hidden_states", "one"], ["heard"]);
        graph.Output("logits", typeof(float), "batch", "tokens", Vocabulary);
        foreach (var part in (string[])["key", "value"])
        {
            graph.Input($"past_key_values.0.decoder.{part}", typeof(float), "batch", 1, "past", Width);
            graph.Input($"past_key_values.0.encoder.{part}", typeof(float), "batch", 1, "heard", Width);
            graph.Node("Concat", "", [$"past_key_values.0.decoder.{part}", "own"], [$"present.0.decoder.{part}"], ("axis", 2));
            graph.Node("Identity", "", ["heard"], [$"present.0.encoder.{part}"]);
            graph.Output($"present.0.decoder.{part}", typeof(float), "batch", 1, "length", Width);
            graph.Output($"present.0.encoder.{part}", typeof(float), "batch", 1, 1500, Width);
        }

        graph.Write(path);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>A folder with a decoder's ready graph, as Optimum and onnxruntime-genai write it: the graph with files of numbers beside it, in
/// the folder or in its <c>onnx</c>; the tokenizer; <c>config.json</c> or <c>genai_config.json</c>.</summary>
internal sealed class ExportedFolder : IDisposable
{
    /// <summary>Names of graphs, the first that is there is taken. <c>decoder_with_past_model.onnx</c> is none: it takes no whole
    /// prompt.</summary>
    private static readonly string[] Names = ["model.onnx", "decoder_model_merged.onnx", "decoder_model.onnx"];

    private const string Inner = "onnx";
    private const int MostConfigBytes = 1 << 20;

    private readonly ExportedFiles _files;

    private ExportedFolder(ExportedFiles files, string graphPath, ExportedGraph graph, ExportedWeights weights,
        CheckpointTokenizer tokenizer, IReadOnlyList<string> notes)
    {
        (_files, GraphPath, Graph, Weights, Tokenizer, Notes) = (files, graphPath, graph, weights, tokenizer, notes);
    }

    public string GraphPath { get; }

    public ExportedGraph Graph { get; }

    public ExportedWeights Weights { get; }

    public CheckpointTokenizer Tokenizer { get; }

    /// <summary>What the operator should know of the folder.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Whether a folder looks like one. One that has safetensors too is taken by those.</summary>
    public static bool Is(string path)
    {
        if (!Directory.Exists(path) || new CheckpointFolder(path).HasWeights())
        {
            return false;
        }

        var names = Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).ToArray();
        return names.Contains(GenerativeConfig.FileName) || (names.Contains(Checkpoint.ConfigName) && !names.Contains("model.json")
            && (names.Any(name => name.EndsWith(".onnx", StringComparison.Ordinal)) || FindInner(path) is not null)
            && Checkpoint.IsDecoder(path));
    }

    /// <summary>Opens a folder and checks that its files describe one model.</summary>
    /// <exception cref="ModelImportException">A file is missing, unsound, or asks for what is not supported.</exception>
    public static ExportedFolder Open(string path)
    {
        var folder = new CheckpointFolder(path);
        var generative = GenerativeConfig.Read(folder);
        var place = generative is null && !Array.Exists(Names, folder.Has) ? FindInner(path) ?? folder : folder;
        var name = generative?.Graph ?? Array.Find(Names, place.Has)
            ?? throw new ModelImportException($"There is none of the graphs {string.Join(", ", Names)} in the folder.");
        var files = new ExportedFiles(place);
        try
        {
            var graph = ExportedGraphReader.Read(place, name, files);
            ExportedOperators.Check(graph);
            var config = ReadConfig(folder, generative, graph, out var divisors);
            var plan = Checkpoint.Plan(config);
            if (divisors is not null)
            {
                plan.Keys.Compute("rope_freqs.weight", divisors);
            }

            if (generative?.Context is { } context && context < plan.Keys.ToMetadata().Number(
                $"{plan.Family.Architecture}.context_length", 1, int.MaxValue))
            {
                plan.Keys.Set("context_length", context);
            }

            var notes = new List<string>();
            var tokenizer = CheckpointText.Write(folder, config, plan.Keys, notes);
            return new ExportedFolder(
                files, Path.Combine(place.Path, name), graph, new ExportedWeights(graph, plan), tokenizer, notes);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public void Dispose() => _files.Dispose();

    /// <summary>The folder in it that holds a graph; null where there is none, or only a link to one.</summary>
    private static CheckpointFolder? FindInner(string path)
    {
        var inner = new DirectoryInfo(Path.Combine(path, Inner));
        var folder = new CheckpointFolder(inner.FullName);
        return inner.Exists && inner.LinkTarget is null && Array.Exists(Names, folder.Has) ? folder : null;
    }

    /// <summary>The model's own configuration, or one made of what onnxruntime-genai's and the graph say.</summary>
    /// <param name="divisors">Of the frequencies that turn queries and keys; null where the configuration states them.</param>
    private static JsonElement ReadConfig(
        CheckpointFolder folder, GenerativeConfig? generative, ExportedGraph graph, out IReadOnlyList<double>? divisors)
    {
        divisors = null;
        using var document = folder.ReadJson(Checkpoint.ConfigName, MostConfigBytes);
        if (generative is null)
        {
            return document?.RootElement.Clone() ?? throw new ModelImportException($"There is no '{Checkpoint.ConfigName}' in the folder.");
        }

        var config = document is not null
            ? JsonNode.Parse(document.RootElement.GetRawText())!.AsObject() : generative.Describe(graph, out divisors);
        generative.CopyMarks(config);
        return JsonSerializer.SerializeToElement(config);
    }
}

using System.Text.Json;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Rewriting;
using Tollgate.Inference.Tasks.Embeddings;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Training.Methods;

/// <summary>An installed embedding model that a training starts from, with float32 weights.</summary>
internal sealed class BaseModel
{
    private BaseModel(ModelGraph graph, string vectors, string mask, int width)
    {
        (Graph, Vectors, Mask, Width) = (graph, vectors, mask, width);
    }

    /// <summary>The graph; its output is <see cref="Vectors"/>.</summary>
    public ModelGraph Graph { get; }

    /// <summary>Tensor with a vector for each token, <c>[batch, tokens, width]</c>.</summary>
    public string Vectors { get; }

    /// <summary>Input with 1 for a token and 0 for padding, <c>[batch, tokens]</c>.</summary>
    public string Mask { get; }

    public int Width { get; }

    /// <summary>How the vectors of tokens become one: <c>cls</c>, <c>last</c> or <c>mean</c>.</summary>
    public required string Pooling { get; init; }

    public required IFramedTokenizer Tokenizer { get; init; }

    /// <summary>The <c>tokenizer.json</c>.</summary>
    public required byte[] TokenizerFile { get; init; }

    /// <summary>Longest row, tokens, the frame included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Hash of the model's files, 64 hex digits.</summary>
    public required string Hash { get; init; }

    /// <summary>Reads a version's folder of the model repository.</summary>
    /// <exception cref="ModelImportException">The folder holds no installed model that can be trained; the message states why.</exception>
    public static async Task<BaseModel> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        var manifest = ReadManifest(folder);
        var installed = new InstalledModel(manifest, Path.GetFullPath(folder));
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var embedding = ModelEmbedding.Of(manifest) ?? throw new ModelImportException(
            $"The model '{manifest.Name}' is for {manifest.Task}; a training starts from an embedding model.");
        if (embedding.Pooling == SentencePooling.NoPooling)
        {
            throw new ModelImportException(
                $"The model '{manifest.Name}' gives one vector for a text; a training needs one for each token (last_hidden_state).");
        }

        var path = installed.PathOf(manifest.Graph);
        var graph = TrainableForm.WithWeights(GraphReader.Read(path));
        graph.Outputs.RemoveAll(output => output != embedding.Output);
        var tokenizer = Inference.Tokenizers.TokenizerFile.Load(installed) as IFramedTokenizer
            ?? throw new ModelImportException($"The tokenizer of '{manifest.Name}' is none of an encoder.");
        return new BaseModel(graph, embedding.Output, TokenInputs.Mask, embedding.Width)
        {
            Pooling = embedding.Pooling,
            Tokenizer = tokenizer,
            TokenizerFile = await File.ReadAllBytesAsync(installed.PathOf(manifest.Tokenizer!.File), cancellationToken),
            ContextLength = manifest.Limits.ContextLength,
            Hash = (await ModelStore.DescribeAsync(path, cancellationToken)).Sha256,
        };
    }

    /// <summary>Appends to a copy of the graph what makes one vector of a text's tokens, <c>[batch, width]</c>.</summary>
    public (ModelGraph Graph, string Pooled) WithPooling()
    {
        var graph = Graph.Copy();
        graph.Outputs.Clear();
        return (graph, Pooling switch
        {
            SentencePooling.FirstPooling => graph.Add("Gather", [Vectors, graph.Whole(0)], ("axis", 1)),
            SentencePooling.LastPooling => TokenPooling.Last(graph, Vectors, Mask),
            _ => TokenPooling.Mean(graph, Vectors, Mask),
        });
    }

    private static ModelManifest ReadManifest(string folder)
    {
        var path = Path.Combine(folder, ModelManifest.FileName);
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, ManifestJson.Default.ModelManifest)
                ?? throw new ModelImportException($"The manifest '{path}' is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelImportException(
                $"'{folder}' is no version of an installed model: {exception.Message} Name a folder such as models/NAME/1.", exception);
        }
    }
}

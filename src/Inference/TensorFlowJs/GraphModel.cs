using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>The JSON of a TF.js graph model: its nodes, and its signature. Weights lie in files beside it.</summary>
internal sealed class GraphModel : IDisposable
{
    private const string FileName = "model.json";
    private const long MostBytes = 64 << 20;
    private const int MostNodes = 100_000;
    private const int MostInputs = 10_000;

    private readonly byte[] _bytes;
    private readonly JsonDocument _json;

    private GraphModel(string path, byte[] bytes, JsonDocument json) => (Path, _bytes, _json) = (path, bytes, json);

    /// <summary>The JSON file.</summary>
    public string Path { get; }

    /// <summary>Nodes by name.</summary>
    public IReadOnlyDictionary<string, GraphNode> Nodes { get; private set; } = new Dictionary<string, GraphNode>();

    /// <summary>What the model gives, by its signature; the nodes that no other node reads where it has none.</summary>
    public IReadOnlyList<GraphOutput> Outputs { get; private set; } = [];

    /// <summary>Shape of the input that the signature states under a node's name; null where it states none.</summary>
    public IReadOnlyDictionary<string, long[]> InputShapes { get; private set; } = new Dictionary<string, long[]>();

    /// <summary>The JSON of a TF.js model: the file itself, or <c>model.json</c> of a folder; null where it is none.</summary>
    /// <param name="path">A file or folder.</param>
    public static string? Find(string path)
    {
        var file = Directory.Exists(path) ? System.IO.Path.Combine(path, FileName) : path;
        if (!File.Exists(file) || !System.IO.Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase)
            || new FileInfo(file).Length > MostBytes)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("modelTopology", out _)
                ? file : null;
        }
        catch (JsonException)
        {
            return null; // Another importer may need no such file.
        }
    }

    /// <param name="path">From <see cref="Find"/>.</param>
    /// <exception cref="ModelImportException">It is no graph model, or is damaged.</exception>
    public static GraphModel Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(bytes);
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{System.IO.Path.GetFileName(path)}' is not JSON: {exception.Message}", exception);
        }

        var model = new GraphModel(path, bytes, json);
        try
        {
            model.Read();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads the files of weights.</summary>
    /// <returns>The weights by name, and the hash of all files of the model, 64 hex digits.</returns>
    /// <exception cref="ModelImportException">A file is missing, or its bytes are not what the manifest states.</exception>
    public async Task<(IReadOnlyDictionary<string, GraphTensor> Weights, string Sha256)> ReadWeightsAsync(
        CancellationToken cancellationToken)
    {
        if (!_json.RootElement.TryGetProperty("weightsManifest", out var manifest))
        {
            throw new ModelImportException("The TF.js model has no weightsManifest.");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_bytes);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        var weights = await GraphWeights.ReadAsync(manifest, folder, hash, cancellationToken);
        return (weights, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The node that an input or output names, without the number of its output, and that number.</summary>
    /// <exception cref="ModelImportException">There is no such node.</exception>
    public (GraphNode Node, int Output) Reach(string reader, string name)
    {
        var colon = name.LastIndexOf(':');
        var output = 0;
        var plain = colon > 0 && int.TryParse(name.AsSpan(colon + 1), out output) && output >= 0 ? name[..colon] : name;
        return Nodes.TryGetValue(plain, out var node) ? (node, output)
            : throw new ModelImportException($"The TF.js model has no node '{GraphOutput.Shorten(name)}', which {reader} names.");
    }

    public void Dispose() => _json.Dispose();

    private void Read()
    {
        var root = _json.RootElement;
        var format = Member(root, "format")?.ToString() ?? "graph-model";
        if (format != "graph-model")
        {
            throw new ModelImportException(
                $"The TF.js model is a '{GraphOutput.Shorten(format)}'; graph models are supported. Export it as one, or convert it by "
                + "tensorflowjs_converter --output_format tfjs_graph_model.");
        }

        if (Member(Member(root, "modelTopology"), "node") is not { ValueKind: JsonValueKind.Array } nodes
            || nodes.GetArrayLength() is 0 or > MostNodes)
        {
            throw new ModelImportException($"The TF.js model has no graph of 1 to {MostNodes} nodes.");
        }

        var byName = new Dictionary<string, GraphNode>(StringComparer.Ordinal);
        foreach (var json in nodes.EnumerateArray())
        {
            var node = ReadNode(json);
            if (!byName.TryAdd(node.Name, node))
            {
                throw new ModelImportException($"The TF.js model has two nodes '{GraphOutput.Shorten(node.Name)}'.");
            }
        }

        Nodes = byName;
        ReadSignature(Member(root, "signature") ?? Member(Member(root, "userDefinedMetadata"), "signature"));
    }

    private static GraphNode ReadNode(JsonElement node)
    {
        if (Member(node, "name") is not { ValueKind: JsonValueKind.String } name || Member(node, "op") is not { } operation
            || operation.ValueKind != JsonValueKind.String)
        {
            throw new ModelImportException("The TF.js model has a node without a name or an operator.");
        }

        // A name with a caret only orders two nodes; nothing here has side effects.
        var inputs = Member(node, "input") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(input => input.ToString()).Where(input => !input.StartsWith('^')).ToArray() : [];
        return inputs.Length <= MostInputs
            ? new GraphNode(name.GetString()!, operation.GetString()!, inputs, Member(node, "attr") ?? default)
            : throw new ModelImportException($"The node '{GraphOutput.Shorten(name.GetString()!)}' has more than {MostInputs} inputs.");
    }

    private void ReadSignature(JsonElement? signature)
    {
        Outputs = [.. Ports(signature, "outputs").Select(port => new GraphOutput(port.Name, port.Shape))];
        InputShapes = Ports(signature, "inputs").Where(port => port.Shape is not null).GroupBy(port => port.Name.Split(':')[0])
            .ToDictionary(port => port.Key, port => port.First().Shape!, StringComparer.Ordinal);
        if (Outputs.Count == 0)
        {
            var read = Nodes.Values.SelectMany(node => node.Inputs).Select(input => input.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
            Outputs = [.. Nodes.Keys.Where(name => !read.Contains(name)).Select(name => new GraphOutput(name, Shape: null))];
        }
    }

    private static IEnumerable<(string Name, long[]? Shape)> Ports(JsonElement? signature, string direction) =>
        Member(signature, direction) is not { ValueKind: JsonValueKind.Object } ports ? []
            : ports.EnumerateObject().Select(port => (
                Member(port.Value, "name") is { ValueKind: JsonValueKind.String } name ? name.GetString()! : port.Name,
                Member(port.Value, "tensorShape") is { } shape ? GraphNode.ReadShape(shape) : null));

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value)
        && value.ValueKind != JsonValueKind.Null ? value : null;
}

/// <summary>An output of a graph model.</summary>
/// <param name="Name">Of a node, with the number of its output where that is not the first.</param>
/// <param name="Shape">−1 where a size is free; null where the model states no shape.</param>
internal sealed record GraphOutput(string Name, long[]? Shape)
{
    public override string ToString() =>
        $"'{Shorten(Name)}'{(Shape is null ? "" : $" of the shape {string.Join(" x ", Shape)}")}";

    internal static string Shorten(string text) => text.Length <= 100 ? text : $"{text[..100]}…";
}

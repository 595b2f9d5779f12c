using System.Text.Json;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>A folder of a decoder as it is published on Hugging Face, presented as the GGUF file that it would be converted to.</summary>
internal sealed class Checkpoint : IWeightFile, IDisposable
{
    public const string ConfigName = "config.json";

    private const int MostConfigBytes = 1 << 20;

    private readonly CheckpointShards _shards;
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stored> _stored = new(StringComparer.Ordinal);
    private readonly GgufKeys _keys;

    private Checkpoint(CheckpointShards shards, GgufKeys keys, CheckpointTokenizer tokenizer, IReadOnlyList<string> notes)
    {
        (_shards, _keys, Tokenizer, Notes) = (shards, keys, tokenizer, notes);
        Metadata = keys.ToMetadata();
    }

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    public CheckpointTokenizer Tokenizer { get; }

    /// <summary>What the operator should know of the folder.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Opens a folder and checks that its files describe one model.</summary>
    /// <exception cref="ModelImportException">A file is missing, unsound, or asks for what is not supported.</exception>
    public static Checkpoint Open(string path)
    {
        var folder = new CheckpointFolder(path);
        using var document = folder.ReadJson(ConfigName, MostConfigBytes)
            ?? throw new ModelImportException($"There is no '{ConfigName}' in the folder.");
        var plan = Plan(document.RootElement);
        var notes = new List<string>();
        var tokenizer = CheckpointText.Write(folder, document.RootElement, plan.Keys, notes);
        var shards = CheckpointShards.Open(folder);
        try
        {
            var checkpoint = new Checkpoint(shards, plan.Keys, tokenizer, notes);
            checkpoint.Place(plan);
            return checkpoint;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>Whether the configuration in a folder names a class that generates text.</summary>
    public static bool IsDecoder(string path)
    {
        try
        {
            using var document = new CheckpointFolder(path).ReadJson(ConfigName, MostConfigBytes);
            return document is not null && (new CheckpointConfig(document.RootElement, ConfigName).Texts("architectures") ?? []).Any(
                name => name.EndsWith("ForCausalLM", StringComparison.Ordinal) || name.EndsWith("LMHeadModel", StringComparison.Ordinal));
        }
        catch (ModelImportException)
        {
            return false; // Another importer may take the folder, and says what is wrong with it.
        }
    }

    /// <summary>What a configuration demands of the weights, and the keys that it becomes.</summary>
    /// <exception cref="ModelImportException">It is of a family that is not taken, or asks for what is not supported.</exception>
    public static CheckpointPlan Plan(JsonElement root)
    {
        var config = new CheckpointConfig(root, ConfigName);
        var family = CheckpointFamilies.Find(config);
        var keys = new GgufKeys(family.Architecture);
        family.Describe(config, keys);
        var rules = family.Tensors.Where(rule => rule.Switch is null || config.Flag(rule.Switch, false)).ToList();
        if (!config.Flag("tie_word_embeddings", family.Ties))
        {
            rules.Add(CheckpointFamily.Output);
        }

        config.RefuseOthers();
        return new CheckpointPlan(family, keys, rules.ToDictionary(rule => rule.Source, StringComparer.Ordinal));
    }

    public float[] Read(GgufTensor tensor)
    {
        if (_keys.Computed.TryGetValue(tensor.Name, out var computed))
        {
            return computed;
        }

        var stored = _stored[tensor.Name];
        var numbers = TensorReader.Read(stored.File.Handle, stored.Tensor, stored.Name);
        return stored.Change switch
        {
            TensorChange.PairQueries or TensorChange.PairKeys => Pair(numbers, stored.Tensor, stored.Change),
            TensorChange.AddOne => Array.ConvertAll(numbers, number => number + 1),
            TensorChange.Transpose => Transpose(numbers, stored.Tensor),
            _ => numbers,
        };
    }

    /// <summary>Null: numbers of a folder are ordered anew when they are read.</summary>
    public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) => null;

    public void Dispose() => _shards.Dispose();

    private string Architecture => Metadata.Get<string>("general.architecture");

    private void Place(CheckpointPlan plan)
    {
        var (family, rules, layers) = (plan.Family, plan.Tensors, (int)Metadata.Get<long>($"{Architecture}.block_count"));
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in _shards.Files)
        {
            foreach (var tensor in file.Tensors.Values)
            {
                var name = tensor.Name.StartsWith(family.Prefix, StringComparison.Ordinal)
                    ? tensor.Name[family.Prefix.Length..] : tensor.Name;
                var (pattern, layer) = LayerName.Split(name);
                if (family.Ignored.Contains(pattern) || (pattern == CheckpointFamily.Output.Source && !rules.ContainsKey(pattern)))
                {
                    continue; // a tied table may be stored twice; the library reads the first
                }

                if (!rules.TryGetValue(pattern, out var rule) || layer >= layers || !found.Add(name))
                {
                    throw new ModelImportException(
                        $"The tensor '{tensor.Name}' of '{file.Name}' is not part of a {family.Classes[0]} with this configuration.");
                }

                Add(file, tensor, rule, LayerName.Fill(rule.Target, layer));
            }
        }

        var missing = rules.Keys.SelectMany(source => source.Contains('#', StringComparison.Ordinal)
                ? Enumerable.Range(0, layers).Select(layer => LayerName.Fill(source, layer)) : [source])
            .FirstOrDefault(name => !found.Contains(name));
        if (missing is not null)
        {
            throw new ModelImportException($"The weights lack the tensor '{missing}'.");
        }

        foreach (var (name, numbers) in _keys.Computed)
        {
            _tensors.Add(name, new GgufTensor(name, numbers.Length, 1, TensorEncoding.F32, Start: 0));
        }
    }

    private void Add(SafetensorsFile file, SafetensorsTensor tensor, TensorRule rule, string target)
    {
        var encoding = tensor.Type switch
        {
            "F32" => TensorEncoding.F32,
            "F16" => TensorEncoding.F16,
            "BF16" => TensorEncoding.BF16,
            "F64" => TensorEncoding.F64,
            _ => throw new ModelImportException(
                $"The tensor '{tensor.Name}' of '{file.Name}' is stored as {tensor.Type}; supported: F32, F16, BF16, F64."),
        };
        if (tensor.Shape.Count is not (1 or 2))
        {
            throw new ModelImportException(
                $"The tensor '{tensor.Name}' of '{file.Name}' has the shape {tensor.Size}; vectors and matrices are read.");
        }

        var source = new GgufTensor(target, tensor.Shape[^1], tensor.Shape.Count == 2 ? tensor.Shape[0] : 1, encoding, tensor.Start);
        _stored.Add(target, new Stored(file, tensor.Name, source, rule.Change));
        _tensors.Add(target, rule.Change == TensorChange.Transpose
            ? source with { Columns = source.Rows, Rows = source.Columns } : source);
    }

    private float[] Pair(float[] numbers, GgufTensor tensor, TensorChange change)
    {
        // A bias is a vector: its columns are the rows of the matrix.
        var (rows, columns) = tensor.Rows == 1 ? (tensor.Columns, 1) : (tensor.Rows, tensor.Columns);
        var sources = PairedRows.Sources(change, rows, Metadata, tensor.Name)!;
        var paired = new float[numbers.Length];
        for (var row = 0; row < rows; row++)
        {
            numbers.AsSpan(sources[row] * columns, columns).CopyTo(paired.AsSpan(row * columns));
        }

        return paired;
    }

    private static float[] Transpose(float[] numbers, GgufTensor tensor)
    {
        var transposed = new float[numbers.Length];
        for (var row = 0; row < tensor.Rows; row++)
        {
            for (var column = 0; column < tensor.Columns; column++)
            {
                transposed[(column * tensor.Rows) + row] = numbers[(row * tensor.Columns) + column];
            }
        }

        return transposed;
    }

    private sealed record Stored(SafetensorsFile File, string Name, GgufTensor Tensor, TensorChange Change);
}

/// <summary>What a configuration says of a model.</summary>
/// <param name="Keys">GGUF's keys, those of the tokenizer still missing.</param>
/// <param name="Tensors">Rules of all tensors that the model has, by the name in the folder.</param>
internal sealed record CheckpointPlan(CheckpointFamily Family, GgufKeys Keys, IReadOnlyDictionary<string, TensorRule> Tensors);

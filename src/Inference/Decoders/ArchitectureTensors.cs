using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The tensors of a model, taken by name and size. A closed world, like the keys: a tensor that nothing takes may change what the
/// model computes, so it is refused.</summary>
internal sealed class ArchitectureTensors
{
    private readonly IWeightFile? _file;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public ArchitectureTensors(IWeightFile file) => _file = file;

    private ArchitectureTensors()
    {
    }

    /// <summary>Numbers in all tensors that were taken.</summary>
    public long Elements { get; private set; }

    /// <summary>Tensors that exist as soon as they are asked for, with random numbers, the same at every call. None is optional.</summary>
    public static ArchitectureTensors Draw() => new();

    /// <exception cref="ModelImportException">There is no such tensor, or it has another size.</exception>
    public GgufTensor Take(string name, int columns, int rows) =>
        (_file is null ? Added(new GgufTensor(name, columns, rows, TensorEncoding.F32, Start: 0)) : TakeOptional(name, columns, rows))
        ?? throw new ModelImportException($"The model lacks the tensor '{name}'.");

    /// <exception cref="ModelImportException">The tensor has another size.</exception>
    public GgufTensor? TakeOptional(string name, int columns, int rows)
    {
        if (_file?.Tensors.GetValueOrDefault(name) is not { } tensor)
        {
            return null;
        }

        return tensor.Columns == columns && tensor.Rows == rows
            ? Added(tensor)
            : throw new ModelImportException(
                $"The tensor '{name}' is {tensor.Rows} × {tensor.Columns}; the model's shape demands {rows} × {columns}.");
    }

    public float[] Read(GgufTensor tensor) => _file?.Read(tensor) ?? DrawNumbers(tensor);

    /// <summary>Rows of a file's tensor as they are stored.</summary>
    public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) => _file?.ReadEncoded(tensor, firstRow, rows);

    /// <exception cref="ModelImportException">The file has a tensor that was not taken.</exception>
    public void RefuseOthers(string architecture)
    {
        if (_file!.Tensors.Keys.FirstOrDefault(name => !_taken.Contains(name)) is { } unknown)
        {
            throw new ModelImportException(
                $"The tensor '{unknown}' is not part of the architecture '{architecture}' as the importer knows it.");
        }
    }

    private GgufTensor Added(GgufTensor tensor)
    {
        Elements += _taken.Add(tensor.Name) ? tensor.Elements : 0;
        return tensor;
    }

    /// <summary>Weights of norms are about 1, biases about 0; a product of others has numbers of about 1.</summary>
    private static float[] DrawNumbers(GgufTensor tensor)
    {
        var random = new Random(tensor.Name.Aggregate(7, (seed, c) => unchecked((seed * 31) + c)));
        var isNorm = tensor.Rows == 1 && !tensor.Name.EndsWith(".bias", StringComparison.Ordinal);
        var scale = tensor.Rows == 1 ? 0.2 : 3.4 / Math.Sqrt(tensor.Columns); // an even draw of width 1 has a deviation of 1 / 3.46
        return [.. Enumerable.Range(0, (int)tensor.Elements)
            .Select(_ => (float)(((random.NextDouble() - 0.5) * scale) + (isNorm ? 1 : 0)))];
    }
}

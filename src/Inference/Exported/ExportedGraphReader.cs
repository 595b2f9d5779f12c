using System.Globalization;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Exported;

/// <summary>Reads an ONNX file without its numbers. The file is a stranger's: fields that are not known are refused before, sizes and
/// places are checked before anything is held for them. Field numbers are those of onnx.proto3.</summary>
internal sealed class ExportedGraphReader
{
    private const long MostBytes = 2_000_000_000;
    private const int MostParts = 400_000;
    private const int MostDimensions = 8;

    /// <summary>Bytes of a constant that is not stored as raw bytes.</summary>
    private const int MostHeldBytes = 64 << 20;

    private readonly ExportedFiles _files;
    private readonly string _name;
    private readonly byte[] _model;
    private int _parts;

    private ExportedGraphReader(ExportedFiles files, string name, byte[] model) => (_files, _name, _model) = (files, name, model);

    /// <summary>A name of the file for a message.</summary>
    public static string Shorten(string name) => name.Length <= 100 ? name : $"{name[..100]}…";

    /// <exception cref="ModelImportException">The file is unsound, or uses what is not supported.</exception>
    public static ExportedGraph Read(CheckpointFolder folder, string name, ExportedFiles files)
    {
        var (path, bytes) = folder.Find(name) ?? throw new ModelImportException($"The graph '{name}' is not in the folder.");
        if (bytes > MostBytes)
        {
            throw new ModelImportException($"'{name}' is larger than 2 GB; weights of that size belong in a file beside it.");
        }

        var model = File.ReadAllBytes(path);
        var inspection = OnnxInspection.Read(model);
        if (!inspection.Inputs.Contains("input_ids") || !inspection.Outputs.Contains("logits"))
        {
            throw new ModelImportException($"'{name}' is no graph of a decoder: it has no input 'input_ids' or no output 'logits'. "
                + $"Its outputs are: {string.Join(", ", inspection.Outputs.Take(4).Select(Shorten))}.");
        }

        var graph = new ExportedGraph(outer: null);
        var reader = new ExportedGraphReader(files, name, model);
        var fields = new ProtoReader(model);
        while (fields.Next())
        {
            if (fields.Field == 7)
            {
                reader.ReadGraph(fields.Bytes, graph);
            }
        }

        return graph;
    }

    private void ReadGraph(ReadOnlySpan<byte> message, ExportedGraph graph)
    {
        var nodes = new NodeReader(ReadConstant, branch => ReadBranch(branch, graph));
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            if (fields.Field is 1 or 5 && ++_parts > MostParts)
            {
                throw new ModelImportException($"'{_name}' has more than {MostParts} operators and constants.");
            }

            switch (fields.Field)
            {
                case 1:
                    AddNode(graph, nodes.Read(fields.Bytes));
                    break;
                case 5:
                    var constant = ReadConstant(fields.Bytes);
                    if (!graph.Constants.TryAdd(constant.Name, constant))
                    {
                        throw new ModelImportException($"'{_name}' has the constant '{Shorten(constant.Name)}' twice.");
                    }

                    break;
            }
        }
    }

    private static void AddNode(ExportedGraph graph, ModelNode node)
    {
        if (node is { Operator: "Constant", Outputs: [var output] }
            && node.Attributes.GetValueOrDefault("value") is ExportedConstant constant)
        {
            graph.Constants[output] = constant with { Name = output };
            return;
        }

        graph.Add(node);
    }

    private ExportedGraph ReadBranch(ReadOnlySpan<byte> message, ExportedGraph outer)
    {
        var branch = new ExportedGraph(outer);
        ReadGraph(message, branch);
        outer.Branches.Add(branch);
        return branch;
    }

    private ExportedConstant ReadConstant(ReadOnlySpan<byte> message)
    {
        var head = TensorHead.Read(message);
        var constant = Describe(head.Name, head.Type, head.Shape);
        return head.Outside is not null ? PlaceOutside(constant, head.Outside)
            : head.IsWritten ? Hold(constant, message)
            : PlaceInside(constant, head.Raw);
    }

    private ExportedConstant Describe(string name, ulong type, long[] shape)
    {
        if (!Enum.IsDefined((ExportedType)type))
        {
            throw new ModelImportException(
                $"The constant '{Shorten(name)}' of '{_name}' has numbers of the type {type}, which are not read.");
        }

        var count = 1L;
        foreach (var size in shape)
        {
            count = size is < 0 or > int.MaxValue || shape.Length > MostDimensions ? long.MaxValue : count * Math.Max(size, 1);
            if (count > int.MaxValue)
            {
                throw new ModelImportException(
                    $"The constant '{Shorten(name)}' of '{_name}' has the shape [{string.Join(", ", shape.Take(MostDimensions))}], "
                    + "which is too large.");
            }
        }

        return new ExportedConstant(name, (ExportedType)type, [.. shape.Select(size => (int)size)]);
    }

    private ExportedConstant PlaceInside(ExportedConstant constant, ReadOnlySpan<byte> raw)
    {
        if (raw.Length != constant.Bytes)
        {
            throw Differs(constant, raw.Length);
        }

        _model.AsSpan().Overlaps(raw, out var start);
        return raw.IsEmpty ? constant : constant with { File = _files.Open(_name, constant.Name), Start = start };
    }

    private ExportedConstant PlaceOutside(ExportedConstant constant, IReadOnlyDictionary<string, string> outside)
    {
        var file = _files.Open(outside.GetValueOrDefault("location") ?? "", constant.Name);
        var (start, length) = (Number("offset", 0), Number("length", constant.Bytes));
        if (length != constant.Bytes)
        {
            throw Differs(constant, length);
        }

        return start <= RandomAccess.GetLength(file) - length
            ? constant with { File = file, Start = start }
            : throw new ModelImportException($"The constant '{Shorten(constant.Name)}' lies beyond the end of '{outside["location"]}'.");

        long Number(string key, long otherwise) => outside.TryGetValue(key, out var text)
            ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise; // inspected before
    }

    /// <summary>A constant whose numbers are written as numbers.</summary>
    private ExportedConstant Hold(ExportedConstant constant, ReadOnlySpan<byte> message)
    {
        if (message.Length > MostHeldBytes)
        {
            throw new ModelImportException($"The constant '{Shorten(constant.Name)}' of '{_name}' is not stored as raw bytes, "
                + $"which is read up to {MostHeldBytes >> 20} MiB.");
        }

        if (constant.Type == ExportedType.Float32 && FindPacked(message, 4) is { IsEmpty: false } reals)
        {
            return PlaceInside(constant, reals);
        }

        var held = OnnxTensor.Read(message, folder: null).Tensor.Data;
        return held.Length == constant.Bytes ? constant with { Held = held } : throw Differs(constant, held.Length);
    }

    private static ReadOnlySpan<byte> FindPacked(ReadOnlySpan<byte> message, int field)
    {
        ReadOnlySpan<byte> found = default;
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            if (fields.Field == field)
            {
                if (!fields.HasLength || !found.IsEmpty)
                {
                    return default; // in pieces
                }

                found = fields.Bytes;
            }
        }

        return found;
    }

    private ModelImportException Differs(ExportedConstant constant, long bytes) => new(
        $"The constant '{Shorten(constant.Name)}' of '{_name}' has {bytes} bytes; its shape {constant.Size} demands {constant.Bytes}.");
}

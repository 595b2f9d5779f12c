using System.Buffers.Binary;
using System.Globalization;
using System.Text;
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
                    ReadNode(fields.Bytes, graph);
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

    private void ReadNode(ReadOnlySpan<byte> message, ExportedGraph graph)
    {
        var (inputs, outputs, type, name, domain) = (new List<string>(), new List<string>(), "", "", "");
        var attributes = new Dictionary<string, object>(StringComparer.Ordinal);
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    inputs.Add(Text(fields.Bytes));
                    break;
                case 2:
                    outputs.Add(Text(fields.Bytes));
                    break;
                case 3:
                    name = Text(fields.Bytes);
                    break;
                case 4:
                    type = Text(fields.Bytes);
                    break;
                case 5:
                    ReadAttribute(fields.Bytes, graph, attributes);
                    break;
                case 7:
                    domain = Text(fields.Bytes) is "ai.onnx" ? "" : Text(fields.Bytes);
                    break;
            }
        }

        if (type == "Constant" && outputs.Count == 1 && attributes.GetValueOrDefault("value") is ExportedConstant constant)
        {
            graph.Constants[outputs[0]] = constant with { Name = outputs[0] };
            return;
        }

        graph.Add(new ModelNode(type, domain, [.. inputs], [.. outputs]) { Name = name, Attributes = attributes });
    }

    private void ReadAttribute(ReadOnlySpan<byte> message, ExportedGraph graph, Dictionary<string, object> attributes)
    {
        var name = "";
        object? value = null;
        var wholes = new List<long>();
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    name = Text(fields.Bytes);
                    break;
                case 2:
                    value = BinaryPrimitives.ReadSingleLittleEndian(fields.Bytes);
                    break;
                case 3:
                    value = (long)fields.Number;
                    break;
                case 4:
                    value = Text(fields.Bytes);
                    break;
                case 5:
                    value = ReadConstant(fields.Bytes);
                    break;
                case 6 or 11:
                    var branch = new ExportedGraph(graph);
                    ReadGraph(fields.Bytes, branch);
                    graph.Branches.Add(branch);
                    break;
                case 8:
                    wholes.AddRange(OnnxTensor.Numbers(fields));
                    break;
            }
        }

        if ((value ?? (wholes.Count > 0 ? wholes.ToArray() : null)) is { } known)
        {
            attributes[name] = known;
        }
    }

    private ExportedConstant ReadConstant(ReadOnlySpan<byte> message)
    {
        var (name, type, shape) = ("", 0UL, new List<long>());
        ReadOnlySpan<byte> raw = default;
        Dictionary<string, string>? outside = null;
        var hasOthers = false;
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    shape.AddRange(OnnxTensor.Numbers(fields));
                    break;
                case 2:
                    type = fields.Number;
                    break;
                case 8:
                    name = Text(fields.Bytes);
                    break;
                case 9:
                    raw = fields.Bytes;
                    break;
                case 13:
                    (outside ??= new(StringComparer.Ordinal))[Text(ProtoReader.Find(fields.Bytes, 1))] =
                        Text(ProtoReader.Find(fields.Bytes, 2));
                    break;
                case 4 or 5 or 6 or 7 or 10 or 11:
                    hasOthers = true;
                    break;
            }
        }

        var constant = Describe(name, type, shape);
        return outside is not null ? PlaceOutside(constant, outside)
            : hasOthers ? Hold(constant, message)
            : PlaceInside(constant, raw);
    }

    private ExportedConstant Describe(string name, ulong type, List<long> shape)
    {
        if (!Enum.IsDefined((ExportedType)type))
        {
            throw new ModelImportException(
                $"The constant '{Shorten(name)}' of '{_name}' has numbers of the type {type}, which are not read.");
        }

        var count = 1L;
        foreach (var size in shape)
        {
            count = size is < 0 or > int.MaxValue || shape.Count > MostDimensions ? long.MaxValue : count * Math.Max(size, 1);
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

    private ExportedConstant PlaceOutside(ExportedConstant constant, Dictionary<string, string> outside)
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

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}

using System.Globalization;
using System.Text;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>What a stranger's ONNX file uses, read without running it: operators, files beside it, inputs and outputs, the length of its
/// position table.</summary>
/// <remarks>
/// A closed world: a field that is not in <see cref="OnnxFields"/> is refused, because what this reader skips ONNX Runtime may read.
/// </remarks>
internal sealed class OnnxInspection
{
    private const int MostDepth = 16;
    private const ulong External = 1;

    private readonly HashSet<string> _operators = new(StringComparer.Ordinal);
    private readonly HashSet<string> _domains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _externalBytes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _initializers = new(StringComparer.Ordinal);
    private readonly List<string> _inputs = [];
    private readonly List<string> _outputs = [];
    private readonly HashSet<string> _shapeless = new(StringComparer.Ordinal);

    private OnnxInspection()
    {
    }

    public IReadOnlySet<string> Operators => _operators;

    /// <summary>Domains of the operators and operator sets; empty for ONNX's own.</summary>
    public IReadOnlySet<string> Domains => _domains;

    /// <summary>Files that hold weights, as the model writes them, and how many bytes each must have.</summary>
    public IReadOnlyDictionary<string, long> ExternalFiles => _externalBytes;

    /// <summary>Inputs of the model that are not weights.</summary>
    public IEnumerable<string> Inputs => _inputs.Where(i => !_initializers.Contains(i));

    public IReadOnlyList<string> Outputs => _outputs;

    /// <summary>Inputs and outputs whose shape the model does not state, not even how many dimensions they have.</summary>
    public IReadOnlySet<string> Shapeless => _shapeless;

    /// <summary>Longest input that the table of positions allows, or null where there is no such table.</summary>
    public int? Positions { get; private set; }

    /// <exception cref="ModelImportException">The bytes are not an ONNX model, or use what is not supported.</exception>
    public static OnnxInspection Read(ReadOnlySpan<byte> model)
    {
        var inspection = new OnnxInspection();
        var fields = new ProtoReader(model);
        var graphs = 0;
        while (OnnxFields.Model.Next(ref fields))
        {
            if (fields.Field == 7)
            {
                graphs++;
                inspection.ReadGraph(fields.Bytes, 0);
            }
            else if (fields.Field == 8)
            {
                inspection.ReadOperatorSet(fields.Bytes);
            }
            else if (fields.Field == 14)
            {
                CheckEntry(fields.Bytes);
            }
        }

        return graphs == 1
            ? inspection
            : throw new ModelImportException($"The file is not an ONNX model: it has {(graphs == 0 ? "no graph" : "several graphs")}.");
    }

    private static void CheckEntry(ReadOnlySpan<byte> entry)
    {
        var fields = new ProtoReader(entry);
        while (OnnxFields.Entry.Next(ref fields))
        {
        }
    }

    private void ReadOperatorSet(ReadOnlySpan<byte> set)
    {
        var fields = new ProtoReader(set);
        while (OnnxFields.OperatorSet.Next(ref fields))
        {
            if (fields.Field == 1)
            {
                _domains.Add(Text(fields.Bytes));
            }
        }
    }

    private void ReadGraph(ReadOnlySpan<byte> graph, int depth)
    {
        if (depth > MostDepth)
        {
            throw new ModelImportException("The ONNX model's graphs are nested too deeply.");
        }

        var fields = new ProtoReader(graph);
        while (OnnxFields.Graph.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    ReadNode(fields.Bytes, depth);
                    break;
                case 5 when ReadTensor(fields.Bytes) is var name && depth == 0:
                    _initializers.Add(name);
                    break;
                case 11 when ReadValue(fields.Bytes) is var value && depth == 0:
                    Add(_inputs, value);
                    break;
                case 12 when ReadValue(fields.Bytes) is var value && depth == 0:
                    Add(_outputs, value);
                    break;
                case 13:
                    ReadValue(fields.Bytes);
                    break;
                case 14:
                    ReadAnnotation(fields.Bytes);
                    break;
                case 16:
                    CheckEntry(fields.Bytes);
                    break;
            }
        }
    }

    private static void ReadAnnotation(ReadOnlySpan<byte> annotation)
    {
        var fields = new ProtoReader(annotation);
        while (OnnxFields.Annotation.Next(ref fields))
        {
            if (fields.Field == 2)
            {
                CheckEntry(fields.Bytes);
            }
        }
    }

    private void ReadNode(ReadOnlySpan<byte> node, int depth)
    {
        var domain = "";
        var fields = new ProtoReader(node);
        while (OnnxFields.Node.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 4:
                    _operators.Add(Text(fields.Bytes));
                    break;
                case 5:
                    ReadAttribute(fields.Bytes, depth);
                    break;
                case 7:
                    domain = Text(fields.Bytes);
                    break;
                case 9:
                    CheckEntry(fields.Bytes);
                    break;
            }
        }

        _domains.Add(domain);
    }

    private void ReadAttribute(ReadOnlySpan<byte> attribute, int depth)
    {
        var fields = new ProtoReader(attribute);
        while (OnnxFields.Attribute.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 6 or 11:
                    ReadGraph(fields.Bytes, depth + 1);
                    break;
                case 5 or 10:
                    ReadTensor(fields.Bytes);
                    break;
                case 14 or 15:
                    ReadType(fields.Bytes, 0);
                    break;
            }
        }
    }

    private void Add(List<string> names, (string Name, bool HasShape) value)
    {
        names.Add(value.Name);
        if (!value.HasShape)
        {
            _shapeless.Add(value.Name);
        }
    }

    private static (string Name, bool HasShape) ReadValue(ReadOnlySpan<byte> value)
    {
        var (name, hasShape) = ("", false);
        var fields = new ProtoReader(value);
        while (OnnxFields.Value.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1:
                    name = Text(fields.Bytes);
                    break;
                case 2:
                    hasShape = ReadType(fields.Bytes, 0);
                    break;
                case 4:
                    CheckEntry(fields.Bytes);
                    break;
            }
        }

        return (name, hasShape);
    }

    /// <summary>Returns whether it is the type of a tensor whose shape is stated.</summary>
    private static bool ReadType(ReadOnlySpan<byte> type, int depth)
    {
        var hasShape = false;
        if (depth > MostDepth)
        {
            throw new ModelImportException("The ONNX model's types are nested too deeply.");
        }

        var fields = new ProtoReader(type);
        while (OnnxFields.Type.Next(ref fields))
        {
            if (fields.Field == 1)
            {
                hasShape = ReadTensorType(fields.Bytes);
            }
            else if (fields.Field is 4 or 9)
            {
                var element = new ProtoReader(fields.Bytes);
                while (OnnxFields.Container.Next(ref element))
                {
                    ReadType(element.Bytes, depth + 1);
                }
            }
        }

        return hasShape;
    }

    private static bool ReadTensorType(ReadOnlySpan<byte> type)
    {
        var hasShape = false;
        var fields = new ProtoReader(type);
        while (OnnxFields.TensorType.Next(ref fields))
        {
            if (fields.Field != 2)
            {
                continue;
            }

            hasShape = true;
            var shape = new ProtoReader(fields.Bytes);
            while (OnnxFields.Shape.Next(ref shape))
            {
                var dimension = new ProtoReader(shape.Bytes);
                while (OnnxFields.Dimension.Next(ref dimension))
                {
                }
            }
        }

        return hasShape;
    }

    private string ReadTensor(ReadOnlySpan<byte> tensor)
    {
        var (name, external, rows) = ("", false, (long?)null);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        var fields = new ProtoReader(tensor);
        while (OnnxFields.Tensor.Next(ref fields))
        {
            switch (fields.Field)
            {
                case 1 when rows is null:
                    // Dimensions come packed or one by one; the first is all that is wanted.
                    rows = fields.IsNumber ? (long)fields.Number
                        : fields.Bytes.IsEmpty ? null : (long)ProtoReader.FirstNumber(fields.Bytes);
                    break;
                case 8:
                    name = Text(fields.Bytes);
                    break;
                case 13:
                    ReadExternalEntry(fields.Bytes, name, entries);
                    break;
                case 14:
                    external = fields.Number == External;
                    break;
                case 16:
                    CheckEntry(fields.Bytes);
                    break;
            }
        }

        if (external || entries.Count > 0)
        {
            AddExternal(name, external, entries);
        }

        if (name.Contains("position_embeddings", StringComparison.Ordinal) && rows is > 1 and < 1 << 20)
        {
            Positions = (int)Math.Max(rows.Value, Positions ?? 0);
        }

        return name;
    }

    private static void ReadExternalEntry(ReadOnlySpan<byte> entry, string tensor, Dictionary<string, string> entries)
    {
        var (key, value) = ("", "");
        var fields = new ProtoReader(entry);
        while (OnnxFields.Entry.Next(ref fields))
        {
            (key, value) = fields.Field == 1 ? (Text(fields.Bytes), value) : (key, Text(fields.Bytes));
        }

        if (key is not ("location" or "offset" or "length" or "checksum") || !entries.TryAdd(key, value))
        {
            throw new ModelImportException($"The ONNX tensor '{Name(tensor)}' has an unknown or repeated external entry '{Name(key)}'.");
        }
    }

    private void AddExternal(string tensor, bool external, Dictionary<string, string> entries)
    {
        if (!external || !entries.TryGetValue("location", out var location))
        {
            throw new ModelImportException($"The ONNX tensor '{Name(tensor)}' does not say clearly whether it lies in another file.");
        }

        var end = Number("offset") + Number("length");
        _externalBytes[location] = Math.Max(end, _externalBytes.GetValueOrDefault(location));

        long Number(string key) => !entries.TryGetValue(key, out var text) ? 0
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < long.MaxValue / 2 ? number
            : throw new ModelImportException($"The ONNX tensor '{Name(tensor)}' has the external {key} '{Name(text)}'.");
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>A name of the file for a message.</summary>
    private static string Name(string name) => name.Length <= 100 ? name : $"{name[..100]}…";
}

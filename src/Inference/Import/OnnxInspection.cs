using System.Text;

namespace Tollgate.Inference.Import;

/// <summary>What a stranger's ONNX file uses, read without running it: operators, files
/// beside it, the length of its position table.</summary>
internal sealed class OnnxInspection
{
    private const int MostDepth = 16;

    private readonly HashSet<string> _operators = new(StringComparer.Ordinal);
    private readonly HashSet<string> _domains = new(StringComparer.Ordinal);
    private readonly HashSet<string> _locations = new(StringComparer.Ordinal);

    private OnnxInspection()
    {
    }

    public IReadOnlySet<string> Operators => _operators;

    /// <summary>Domains of the operators; empty for ONNX's own.</summary>
    public IReadOnlySet<string> Domains => _domains;

    /// <summary>Files that hold weights, as the model writes them.</summary>
    public IReadOnlySet<string> ExternalFiles => _locations;

    /// <summary>Longest input that the table of positions allows, or null where there is no such table.</summary>
    public int? Positions { get; private set; }

    /// <exception cref="ModelImportException">The bytes are not an ONNX model.</exception>
    public static OnnxInspection Read(ReadOnlySpan<byte> model)
    {
        var inspection = new OnnxInspection();
        var fields = new ProtoReader(model);
        var hasGraph = false;
        while (fields.Next())
        {
            if (fields.Field == 7)
            {
                hasGraph = true;
                inspection.ReadGraph(fields.Bytes, 0);
            }
        }

        return hasGraph ? inspection : throw new ModelImportException("The file is not an ONNX model: it has no graph.");
    }

    private void ReadGraph(ReadOnlySpan<byte> graph, int depth)
    {
        if (depth > MostDepth)
        {
            throw new ModelImportException("The ONNX model's graphs are nested too deeply.");
        }

        var fields = new ProtoReader(graph);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                ReadNode(fields.Bytes, depth);
            }
            else if (fields.Field == 5)
            {
                ReadTensor(fields.Bytes);
            }
        }
    }

    private void ReadNode(ReadOnlySpan<byte> node, int depth)
    {
        var domain = "";
        var fields = new ProtoReader(node);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 4:
                    _operators.Add(Encoding.UTF8.GetString(fields.Bytes));
                    break;
                case 5:
                    ReadAttribute(fields.Bytes, depth);
                    break;
                case 7:
                    domain = Encoding.UTF8.GetString(fields.Bytes);
                    break;
            }
        }

        _domains.Add(domain);
    }

    private void ReadAttribute(ReadOnlySpan<byte> attribute, int depth)
    {
        var fields = new ProtoReader(attribute);
        while (fields.Next())
        {
            if (fields.Field is 6 or 11)
            {
                ReadGraph(fields.Bytes, depth + 1);
            }
            else if (fields.Field is 5 or 10)
            {
                ReadTensor(fields.Bytes);
            }
        }
    }

    private void ReadTensor(ReadOnlySpan<byte> tensor)
    {
        var name = "";
        long? rows = null;
        var fields = new ProtoReader(tensor);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1 when rows is null:
                    // Dimensions come packed or one by one; the first is all that is wanted.
                    rows = fields.Bytes.IsEmpty ? (long)fields.Number : (long)ProtoReader.FirstNumber(fields.Bytes);
                    break;
                case 8:
                    name = Encoding.UTF8.GetString(fields.Bytes);
                    break;
                case 13:
                    ReadExternalEntry(fields.Bytes);
                    break;
            }
        }

        if (name.Contains("position_embeddings", StringComparison.Ordinal) && rows is > 1 and < 1 << 20)
        {
            Positions = (int)Math.Max(rows.Value, Positions ?? 0);
        }
    }

    private void ReadExternalEntry(ReadOnlySpan<byte> entry)
    {
        var (key, value) = ("", "");
        var fields = new ProtoReader(entry);
        while (fields.Next())
        {
            (key, value) = fields.Field == 1
                ? (Encoding.UTF8.GetString(fields.Bytes), value) : (key, Encoding.UTF8.GetString(fields.Bytes));
        }

        if (key == "location")
        {
            _locations.Add(value);
        }
    }
}

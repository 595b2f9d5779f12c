using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>A schema's JSON text and the places in it that references name.</summary>
internal sealed class SchemaDocument
{
    private readonly JsonElement _root;
    private readonly Dictionary<(string Path, bool Opposite), SchemaNode> _nodes = [];
    private readonly Dictionary<(string Options, bool Opposite), SchemaNode> _unions = [];
    private readonly Dictionary<string, (string Path, JsonElement Element)> _anchors = new(StringComparer.Ordinal);
    private readonly string? _identifier;

    /// <exception cref="SchemaException">It is too large, names a member twice, or moves the base of its references.</exception>
    public SchemaDocument(JsonElement root)
    {
        if (root.GetRawText().Length > SchemaLimits.Bytes)
        {
            throw new SchemaException("", $"The schema is longer than {SchemaLimits.Bytes / 1024} KiB.");
        }

        _root = root;
        _identifier = MemberText(root, "$id")?.TrimEnd('#');
        Survey(root, "", 0);
        Root = Node(root, "");
    }

    public SchemaNode Root { get; }

    /// <summary>Whether <c>$schema</c> names a draft before 2020-12, in which <c>items</c> may be a list and <c>prefixItems</c> means
    /// nothing. Null where it names none.</summary>
    public bool? IsOldDraft => MemberText(_root, "$schema") is { } draft ? !draft.Contains("2020-12", StringComparison.Ordinal) : null;

    /// <summary>Whether <c>$schema</c> names draft 6 or 7, which have no <c>minContains</c>.</summary>
    public bool IsDraft7 => MemberText(_root, "$schema")?.Contains("draft-0", StringComparison.Ordinal) == true;

    /// <summary>A path one member longer. A point within a name is escaped, so that two places never share a path.</summary>
    public static string Join(string path, string member)
    {
        var name = member.AsSpan().IndexOfAny('.', '\\') < 0
            ? member
            : member.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal);
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    /// <summary>The node of a schema at a path.</summary>
    public SchemaNode Node(JsonElement element, string path, bool opposite = false)
    {
        if (!_nodes.TryGetValue((path, opposite), out var node))
        {
            _nodes[(path, opposite)] = node = new SchemaNode(_nodes.Count + _unions.Count, path, element, opposite);
        }

        return node;
    }

    public SchemaNode Opposite(SchemaNode node) => node.Options.Count > 0
        ? Union(node.Options, node.Path, !node.Opposite)
        : Node(node.Element, node.Path, !node.Opposite);

    /// <summary>A node that allows what any of some schemas allows.</summary>
    /// <param name="path">Place of the keyword that asks for it, for messages.</param>
    public SchemaNode Union(IReadOnlyList<SchemaNode> options, string path, bool opposite = false)
    {
        var key = (string.Join(',', options.Select(option => option.Id)), opposite);
        if (!_unions.TryGetValue(key, out var node))
        {
            _unions[key] = node = new SchemaNode(_nodes.Count + _unions.Count, path, default, opposite) { Options = options };
        }

        return node;
    }

    /// <summary>The schema that a reference names.</summary>
    /// <param name="path">Place of the keyword, for the message.</param>
    /// <exception cref="SchemaException">It leads out of the document, or nowhere.</exception>
    public SchemaNode Resolve(JsonElement reference, string path)
    {
        if (reference.ValueKind != JsonValueKind.String)
        {
            throw new SchemaException(path, "$ref must be a string.");
        }

        var text = reference.GetString()!;
        if (_identifier is { Length: > 0 } && text.StartsWith(_identifier, StringComparison.Ordinal)
            && (text.Length == _identifier.Length || text[_identifier.Length] == '#'))
        {
            text = text.Length == _identifier.Length ? "#" : text[_identifier.Length..];
        }

        if (!text.StartsWith('#'))
        {
            throw new SchemaException(path, $"$ref '{text}' leads out of the schema; only references that start with # are supported.");
        }

        var fragment = Uri.UnescapeDataString(text[1..]);
        if (fragment.Length > 0 && fragment[0] != '/')
        {
            return _anchors.TryGetValue(fragment, out var anchor)
                ? Node(anchor.Element, anchor.Path)
                : throw new SchemaException(path, $"$ref '{text}' names no $anchor of the schema.");
        }

        return Follow(fragment, text, path);
    }

    private static string? MemberText(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? SchemaKeywords.Text(value, "")
            : null;

    private SchemaNode Follow(string pointer, string text, string path)
    {
        var (element, place) = (_root, "");
        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = element.ValueKind switch
            {
                JsonValueKind.Object => element.TryGetProperty(name, out var member) ? member : default,
                JsonValueKind.Array => int.TryParse(name, out var at) && at >= 0 && at < element.GetArrayLength() ? element[at] : default,
                _ => default,
            };
            if (found.ValueKind == JsonValueKind.Undefined)
            {
                throw new SchemaException(path, $"$ref '{text}' names nothing in the schema.");
            }

            (element, place) = (found, Join(place, name));
        }

        return Node(element, place);
    }

    /// <summary>Looks at every value once: notes anchors, refuses what would change the meaning of the rest.</summary>
    private void Survey(JsonElement element, string path, int depth)
    {
        if (depth > SchemaLimits.Nesting)
        {
            throw new SchemaException(path, $"The schema is nested more than {SchemaLimits.Nesting} levels deep.");
        }

        if (element.ValueKind == JsonValueKind.Array)
        {
            var at = 0;
            foreach (var item in element.EnumerateArray())
            {
                Survey(item, Join(path, $"{at++}"), depth + 1);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            SurveyObject(element, path, depth);
        }
    }

    private void SurveyObject(JsonElement element, string path, int depth)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            if (!names.Add(member.Name))
            {
                throw new SchemaException(path, $"The member '{member.Name}' occurs twice.");
            }

            if (member.Name is "enum" or "const" or "default" or "examples" or "example" && !HoldsNames(path))
            {
                continue;
            }

            if (member is { Name: "$anchor" or "$dynamicAnchor", Value.ValueKind: JsonValueKind.String })
            {
                _anchors.TryAdd(member.Value.GetString()!, (path, element));
            }

            if (member is { Name: "$id", Value.ValueKind: JsonValueKind.String } && path.Length > 0)
            {
                SurveyIdentifier(member.Value.GetString()!, element, path);
            }

            Survey(member.Value, Join(path, member.Name), depth + 1);
        }
    }

    /// <summary>Whether the members at a path are names that the schema's author chose, rather than keywords.</summary>
    private static bool HoldsNames(string path) => path.EndsWith("roperties", StringComparison.Ordinal)
        || path.EndsWith("$defs", StringComparison.Ordinal) || path.EndsWith("definitions", StringComparison.Ordinal);

    /// <summary>A nested <c>$id</c> is the base of the references below it, which are then no references into this document.</summary>
    private void SurveyIdentifier(string identifier, JsonElement element, string path)
    {
        if (identifier.StartsWith('#'))
        {
            _anchors.TryAdd(identifier[1..], (path, element));
        }
        else if (element.GetRawText().Contains("\"$ref\"", StringComparison.Ordinal))
        {
            throw new SchemaException(path, "$id within a schema is supported only where no $ref stands below it.");
        }
    }
}

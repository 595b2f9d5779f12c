using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads what an answer's text must be: OpenAI's <c>response_format</c> with two types more, and the members by which vLLM's
/// clients say the same. At most one of them.</summary>
internal struct OutputFormats
{
    /// <summary>Most texts to choose from.</summary>
    public const int MostTexts = 1024;

    internal static readonly MemberNames FormatNames = new(
        "type", "json_schema", "schema", "pattern", "regex", "grammar", "definition", "syntax");

    /// <summary>Of the form in which a schema's members lie beside its type, as on <c>/v1/responses</c>.</summary>
    internal static readonly MemberNames FlatNames = new(
        "type", "name", "description", "schema", "strict", "pattern", "regex", "grammar", "definition", "syntax");

    internal static readonly MemberNames SchemaNames = new("name", "description", "schema", "strict");

    internal static readonly MemberNames StructuredNames = new("json", "regex", "choice", "grammar", "json_object");

    private string? _member;

    public OutputFormats()
    {
    }

    /// <summary>Null for free text.</summary>
    public OutputFormat? Format { get; private set; }

    /// <summary>Reads a member that is not null.</summary>
    /// <param name="known">False when the member is not one of these.</param>
    public bool Read(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        OutputFormat? format;
        switch (name)
        {
            case "response_format":
                return ReadResponseFormat(ref reader, out format) && Keep(ref reader, name, format);
            case "structured_outputs":
                return ReadStructured(ref reader, out format) && Keep(ref reader, name, format);
            case "guided_json" or "guided_regex" or "guided_choice" or "guided_grammar":
                return ReadGuided(ref reader, name["guided_".Length..], out format) && Keep(ref reader, name, format);
            default:
                known = false;
                return true;
        }
    }

    /// <summary>Reads a format whose schema's members lie beside its type: <c>{"type": "json_schema", "name": …, "schema": …}</c>.
    /// </summary>
    public bool ReadFlat(ref RequestReader reader)
    {
        var member = reader.PathText();
        return ReadFormat(ref reader, FlatNames, isFlat: true, out var format) && Keep(ref reader, member, format);
    }

    private bool Keep(ref RequestReader reader, string name, OutputFormat? format)
    {
        if (format is null)
        {
            return true;
        }

        if (Format is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(name, $"no format beside '{_member}'"));
        }

        (Format, _member) = (format, name);
        return true;
    }

    private static bool ReadResponseFormat(ref RequestReader reader, out OutputFormat? format) =>
        ReadFormat(ref reader, FormatNames, isFlat: false, out format);

    private static bool ReadFormat(ref RequestReader reader, MemberNames names, bool isFlat, out OutputFormat? format)
    {
        format = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        var draft = new Draft(isFlat);
        while (reader.NextMember(names, ref seen, out var name))
        {
            if (!reader.IsNull && !draft.Read(ref reader, name))
            {
                return false;
            }
        }

        return reader.Error is null && draft.TryBuild(ref reader, out format);
    }

    /// <summary>Reads <c>{"json": …}</c> and its siblings.</summary>
    private static bool ReadStructured(ref RequestReader reader, out OutputFormat? format)
    {
        format = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(StructuredNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (format is not null)
            {
                return reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "only one format"));
            }

            if (!ReadGuided(ref reader, name, out format))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    /// <param name="kind"><c>json</c>, <c>json_object</c>, <c>regex</c>, <c>choice</c> or <c>grammar</c>.</param>
    private static bool ReadGuided(ref RequestReader reader, string kind, out OutputFormat? format)
    {
        format = null;
        var member = reader.PathText();
        switch (kind)
        {
            case "json":
                return ReadGuidedJson(ref reader, member, out format);
            case "json_object":
                var read = reader.ReadBoolean(out var wanted);
                format = wanted ? new OutputFormat.AnyObject() : null;
                return read;
            case "choice":
                return ReadChoice(ref reader, member, out format);
            default:
                if (!ReadText(ref reader, out var text))
                {
                    return false;
                }

                format = kind == "regex" ? new OutputFormat.Pattern(text, member) : new OutputFormat.Rules(text, SyntaxOf(text), member);
                return true;
        }
    }

    /// <summary>A schema, or the text of one.</summary>
    private static bool ReadGuidedJson(ref RequestReader reader, string member, out OutputFormat? format)
    {
        format = null;
        JsonElement schema;
        if (reader.Kind == JsonTokenType.String)
        {
            reader.ReadString(out var text);
            try
            {
                schema = JsonElement.Parse(text);
            }
            catch (JsonException)
            {
                return reader.FailValue("a JSON schema");
            }
        }
        else if (reader.Kind is not (JsonTokenType.StartObject or JsonTokenType.True or JsonTokenType.False))
        {
            return reader.FailType("an object, a boolean or a string");
        }
        else if (!reader.ReadJson(out schema))
        {
            return false;
        }

        format = new OutputFormat.Schema(null, schema, Strict: false, member);
        return true;
    }

    private static bool ReadChoice(ref RequestReader reader, string member, out OutputFormat? format)
    {
        format = null;
        if (!reader.EnterArray())
        {
            return false;
        }

        var texts = new List<string>();
        while (reader.NextElement())
        {
            if (!ReadText(ref reader, out var text))
            {
                return false;
            }

            texts.Add(text);
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (texts.Count is 0 or > MostTexts)
        {
            return reader.Fail(OpenAiError.InvalidValue(member, $"1 to {MostTexts} texts", $"{texts.Count}"));
        }

        format = new OutputFormat.OneOf(texts, member);
        return true;
    }

    private static bool ReadText(ref RequestReader reader, out string text) =>
        reader.ReadString(out text) && (text.Length > 0 || reader.FailValue("a text that is not empty"));

    /// <summary>How a grammar is written whose author does not say it: only GBNF has <c>::=</c>.</summary>
    private static GrammarSyntax SyntaxOf(string grammar) =>
        grammar.Contains("::=", StringComparison.Ordinal) ? GrammarSyntax.Gbnf : GrammarSyntax.Lark;

    /// <summary>The members of <c>response_format</c> while they are read.</summary>
    /// <param name="isFlat">Whether the schema's members lie beside the type.</param>
    private struct Draft(bool isFlat)
    {
        private string? _schemaMember;
        private string? _type;
        private string? _text;
        private string? _textMember;
        private GrammarSyntax? _syntax;
        private string? _name;
        private JsonElement? _schema;
        private bool _strict;
        private bool _hasSchema;

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "type":
                    return ReadType(ref reader);
                case "json_schema":
                    (_hasSchema, _schemaMember) = (true, name);
                    return ReadSchema(ref reader);
                case "name" or "description" or "strict" or "schema" when isFlat:
                    (_hasSchema, _schemaMember) = (true, _schemaMember ?? name);
                    return ReadSchemaMember(ref reader, name);
                case "syntax":
                    _syntax = reader.Is("gbnf"u8) ? GrammarSyntax.Gbnf : reader.Is("lark"u8) ? GrammarSyntax.Lark : null;
                    return _syntax is not null
                        || (reader.Kind == JsonTokenType.String ? reader.FailValue("'gbnf' or 'lark'") : reader.FailType("a string"));
                case "schema":
                    return reader.Kind == JsonTokenType.StartObject
                        ? reader.FailUnsupported("can only stand in 'json_schema'") : reader.FailType("an object");
                default:
                    if (_textMember is not null)
                    {
                        return reader.Fail(OpenAiError.InvalidValue(reader.PathText(), $"no text beside '{_textMember}'"));
                    }

                    _textMember = name;
                    return ReadText(ref reader, out _text!);
            }
        }

        /// <summary>Null for plain text.</summary>
        public readonly bool TryBuild(ref RequestReader reader, out OutputFormat? format)
        {
            format = null;
            if (_type is null)
            {
                return reader.FailMissing("type");
            }

            var textFits = _textMember is null || (_type == "regex" && _textMember is "pattern" or "regex")
                || (_type == "grammar" && _textMember is "grammar" or "definition");
            if (!textFits || (_hasSchema && _type != "json_schema") || (_syntax is not null && _type != "grammar"))
            {
                var misplaced = !textFits ? _textMember! : _hasSchema ? _schemaMember! : "syntax";
                return reader.Fail(OpenAiError.InvalidValue(reader.Below(misplaced), $"no such member beside the type '{_type}'"));
            }

            switch (_type)
            {
                case "json_object":
                    format = new OutputFormat.AnyObject();
                    return true;
                case "json_schema" when !_hasSchema && !isFlat:
                    return reader.FailMissing("json_schema");
                case "json_schema" when isFlat && (_name is null || _schema is null):
                    return reader.FailMissing(_name is null ? "name" : "schema");
                case "json_schema":
                    var member = reader.Below(isFlat ? "schema" : "json_schema.schema");
                    format = _schema is { } schema
                        ? new OutputFormat.Schema(_name, schema, _strict, member) : new OutputFormat.AnyObject();
                    return true;
                case "regex" when _text is null:
                    return reader.FailMissing("pattern");
                case "regex":
                    format = new OutputFormat.Pattern(_text, reader.Below(_textMember!));
                    return true;
                case "grammar" when _text is null:
                    return reader.FailMissing("grammar");
                case "grammar":
                    format = new OutputFormat.Rules(_text, _syntax ?? SyntaxOf(_text), reader.Below(_textMember!));
                    return true;
                default:
                    return true;
            }
        }

        private bool ReadType(ref RequestReader reader)
        {
            if (!reader.ReadString(out var type))
            {
                return false;
            }

            _type = type;
            return type is "text" or "json_object" or "json_schema" or "regex" or "grammar"
                || reader.FailValue("one of 'text', 'json_object', 'json_schema', 'regex' and 'grammar'");
        }

        private bool ReadSchema(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var seen = UInt128.Zero;
            while (reader.NextMember(SchemaNames, ref seen, out var name))
            {
                if (!reader.IsNull && !ReadSchemaMember(ref reader, name))
                {
                    return false;
                }
            }

            return reader.Error is null && (_name is not null || reader.FailMissing("name"));
        }

        private bool ReadSchemaMember(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "name":
                    var read = reader.ReadString(out var text);
                    _name = text;
                    return read && (ToolTable.IsName(text)
                        || reader.FailValue($"1 to {ToolTable.LongestName} letters, digits, underscores and hyphens"));
                case "description":
                    return reader.ReadString(out _);
                case "strict":
                    return reader.ReadBoolean(out _strict);
                default:
                    if (reader.Kind is not (JsonTokenType.StartObject or JsonTokenType.True or JsonTokenType.False))
                    {
                        return reader.FailType("an object");
                    }

                    var isRead = reader.ReadJson(out var schema);
                    _schema = schema;
                    return isRead;
            }
        }
    }
}

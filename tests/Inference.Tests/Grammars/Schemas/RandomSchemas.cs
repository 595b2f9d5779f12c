using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>Makes small schemas of draft 2020-12, deep in keywords that combine schemas and that look at what others looked at.</summary>
internal sealed class RandomSchemas(Random random)
{
    private static readonly string[] Names = ["a", "b", "ab", "c.d"];
    private static readonly string[] Patterns = ["a", "^a", "b$", "^[ab]{1,3}$", "[^a]", "^\\d+$", "(ab|c)+", "^.{2}$", "^\\S*$"];
    private static readonly string[] Types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    private static readonly string[] Formats = ["date", "duration", "email", "ipv4", "uuid", "uri-reference", "json-pointer"];

    private static readonly string[] Values =
    [
        "null", "true", "0", "1", "-1", "2.5", "10", "\"\"", "\"a\"", "\"ab\"", "\"b\"", "[]", "[1]", "[1,\"a\"]", "{}", "{\"a\":1}",
        "{\"a\":\"b\",\"b\":null}",
    ];

    /// <summary>A schema of up to four levels.</summary>
    public JsonNode Make() => Schema(random.Next(1, 5));

    /// <summary>A value of up to three levels, written with the names of the schemas.</summary>
    public JsonNode? Value(int depth = 2) => random.Next(depth > 0 ? 5 : 3) switch
    {
        3 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth - 1))]),
        4 => new JsonObject(Some(Names).Select(name => KeyValuePair.Create(name, Value(depth - 1)))),
        _ => JsonNode.Parse(One(Values)),
    };

    private JsonNode Schema(int depth)
    {
        if (random.Next(12) == 0)
        {
            return JsonValue.Create(random.Next(3) > 0);
        }

        var schema = new JsonObject();
        for (var keywords = random.Next(1, 4); keywords > 0; keywords--)
        {
            var kind = random.Next(depth > 0 ? 8 : 3);
            var (name, value) = kind switch
            {
                < 3 => Plain(),
                < 5 => Members(depth - 1),
                < 6 => Items(depth - 1),
                _ => Combined(depth - 1),
            };
            schema[name] = value;
        }

        return schema;
    }

    private (string Keyword, JsonNode? Value) Plain() => random.Next(14) switch
    {
        0 => ("type", One(Types)),
        1 => ("type", new JsonArray(One(Types), "object")),
        2 => ("const", JsonNode.Parse(One(Values))),
        3 => ("enum", new JsonArray([.. Some(Values).Append("3").Select(value => JsonNode.Parse(value))])),
        4 => ("minimum", random.Next(-3, 4)),
        5 => ("exclusiveMaximum", random.Next(0, 40) / 4m),
        6 => ("multipleOf", One([0.5m, 2m, 3m, 0.01m])),
        7 => ("pattern", One(Patterns)),
        8 => ("minLength", random.Next(4)),
        9 => ("maxLength", random.Next(8)),
        10 => ("minItems", random.Next(3)),
        11 => ("maxItems", random.Next(4)),
        12 => ("minProperties", random.Next(3)),
        _ => ("format", One(Formats)),
    };

    private (string Keyword, JsonNode? Value) Members(int depth) => random.Next(9) switch
    {
        < 3 => ("properties", Named(Names, depth)),
        3 => ("required", new JsonArray([.. Some(Names).Select(name => (JsonNode)name)])),
        4 => ("additionalProperties", Schema(depth)),
        5 => ("patternProperties", Named(Patterns, depth)),
        6 => ("propertyNames", Schema(0)),
        7 => ("dependentSchemas", Named(Names, depth)),
        _ => ("unevaluatedProperties", Schema(depth)),
    };

    private (string Keyword, JsonNode? Value) Items(int depth) => random.Next(4) switch
    {
        0 => ("items", Schema(depth)),
        1 => ("prefixItems", new JsonArray(Schema(depth), Schema(depth))),
        2 => ("contains", Schema(depth)),
        _ => ("unevaluatedItems", Schema(depth)),
    };

    private (string Keyword, JsonNode? Value) Combined(int depth) => random.Next(7) switch
    {
        0 => ("allOf", new JsonArray(Schema(depth), Schema(depth))),
        1 => ("anyOf", new JsonArray(Schema(depth), Schema(depth))),
        2 => ("oneOf", new JsonArray(Schema(depth), Schema(depth))),
        3 => ("not", Schema(depth)),
        4 => ("if", Schema(depth)),
        5 => ("then", Schema(depth)),
        _ => ("else", Schema(depth)),
    };

    private JsonObject Named(string[] names, int depth) =>
        new(Some(names).Take(3).Select(name => KeyValuePair.Create(name, (JsonNode?)Schema(depth))));

    private IEnumerable<string> Some(string[] all) => [.. all.Where(_ => random.Next(3) == 0)];

    private T One<T>(T[] all) => all[random.Next(all.Length)];
}

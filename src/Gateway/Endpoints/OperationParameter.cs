using Microsoft.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>A parameter of the query of an operation of <c>/v1/organization</c>.</summary>
/// <param name="Values">Its values; null for any text.</param>
/// <param name="IsList">Whether it may be given several times, as <c>name[]=a&amp;name[]=b</c>.</param>
internal sealed record OperationParameter(string Name, string Description, string[]? Values = null, bool IsList = false)
{
    /// <summary>Smallest value of a whole number; null for a text.</summary>
    public long? Least { get; init; }

    public long? Most { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>Those of every list.</summary>
    public static IReadOnlyList<OpenApiParameter> Paging { get; } =
    [
        .. new OperationParameter[]
        {
            new("limit", "Most objects. Default 20.") { Least = 1, Most = 100 },
            new("after", "The list continues behind the object of this id."),
            new("before", "The list ends before the object of this id."),
            new("order", "By age. Default desc: the newest first.", ["asc", "desc"]),
        }.Select(one => one.ToOpenApi()),
    ];

    /// <summary>The parameters in a path.</summary>
    public static IEnumerable<OpenApiParameter> OfPath(string path, IEnumerable<(string Name, string Kind, string Example)> ids) =>
        ids.Where(id => path.Contains($"{{{id.Name}}}", StringComparison.Ordinal)).Select(id => new OpenApiParameter
        {
            Name = id.Name,
            In = ParameterLocation.Path,
            Required = true,
            Description = $"Id of a {id.Kind}, such as {id.Example}.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });

    public OpenApiParameter ToOpenApi()
    {
        var schema = new OpenApiSchema
        {
            Type = Least is null ? JsonSchemaType.String : JsonSchemaType.Integer,
            Minimum = Least?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Maximum = Most?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Enum = Values is null ? null : [.. Values.Select(value => (System.Text.Json.Nodes.JsonNode)value)],
        };
        return new OpenApiParameter
        {
            Name = IsList ? $"{Name}[]" : Name,
            In = ParameterLocation.Query,
            Required = IsRequired,
            Description = Description,
            Explode = IsList,
            Schema = IsList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
        };
    }
}

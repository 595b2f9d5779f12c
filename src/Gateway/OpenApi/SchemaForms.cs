using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The JSON values that a member of a documented body may have, where its C# type cannot state them; null too where that
/// is nullable.</summary>
/// <param name="types">One schema each; the value must match exactly one. Generators without union types take the first. Without any,
/// only null is accepted.</param>
/// <remarks>On a class: the values that stand where a member has that type.</remarks>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
internal sealed class OneOfAttribute(params Type[] types) : Attribute
{
    public IReadOnlyList<Type> Types { get; } = types;
}

/// <summary>The texts that a member of a documented body may have; of each element where the member is a list.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOfTextsAttribute(params string[] texts) : Attribute
{
    public IReadOnlyList<string> Texts { get; } = texts;
}

/// <summary>The truth value that a member of a documented body must not have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotAttribute(bool value) : Attribute
{
    public bool Value { get; } = value;
}

/// <summary>Marks a member of a documented form as a file.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BinaryFileAttribute : Attribute;

/// <summary>Applies the attributes above to the schemas that the framework generates.</summary>
internal static class SchemaForms
{
    public static async Task ApplyAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonPropertyInfo is null && context.JsonTypeInfo.Type.GetCustomAttribute<OneOfAttribute>() is { } forms)
        {
            (schema.Type, schema.OneOf) = (null, []);
            foreach (var type in forms.Types)
            {
                schema.OneOf.Add(await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
            }
        }

        foreach (var attribute in context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: true) ?? [])
        {
            switch (attribute)
            {
                case OneOfAttribute { Types: [] }:
                    schema.Type = JsonSchemaType.Null;
                    break;
                case OneOfAttribute oneOf:
                    schema.OneOf = [];
                    foreach (var type in oneOf.Types)
                    {
                        schema.OneOf.Add(await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
                    }

                    if (context.JsonPropertyInfo!.IsGetNullable)
                    {
                        schema.OneOf.Add(new OpenApiSchema { Type = JsonSchemaType.Null });
                    }

                    break;
                case NotAttribute not:
                    schema.Not = new OpenApiSchema { Enum = [not.Value] };
                    break;
                case BinaryFileAttribute:
                    schema.Format = "binary";
                    break;
                case OneOfTextsAttribute texts:
                    var target = schema.Items as OpenApiSchema ?? schema;
                    target.Enum = [.. texts.Texts.Select(text => (JsonNode)text)];
                    if (target.Type?.HasFlag(JsonSchemaType.Null) == true)
                    {
                        target.Enum.Add(JsonNullSentinel.JsonNull);
                    }

                    break;
            }
        }
    }
}

using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>One schema within a document, or the opposite of one.</summary>
/// <param name="Id">Number within the document: two nodes of one place and one sign are the same node.</param>
/// <param name="Path">Member names and positions from the root, parted by dots.</param>
/// <param name="Opposite">Whether the node allows what the schema refuses.</param>
internal sealed record SchemaNode(int Id, string Path, JsonElement Element, bool Opposite)
{
    /// <summary>Where there are some, the node allows what any of them allows, and <see cref="Element"/> is undefined.</summary>
    public IReadOnlyList<SchemaNode> Options { get; init; } = [];

    public bool Equals(SchemaNode? other) => other is not null && other.Id == Id;

    public override int GetHashCode() => Id;
}

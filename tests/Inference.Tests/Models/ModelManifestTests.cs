using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Embeddings;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Models;

public sealed class ModelManifestTests
{
    /// <summary>As every release so far has written it.</summary>
    private const string Written = """
        {
          "format": 1, "name": "m", "version": "1", "task": "chat", "source": { "file": "m.gguf", "format": "gguf", "sha256": "0" },
          "created": "2026-01-01T00:00:00+00:00", "files": [], "graph": "model.onnx", "tokenizer": { "kind": "bpe", "file": "t" },
          "limits": { "context_length": 512, "default_max_output": 256 },
          "decoder": { "layers": 2, "key_value_heads": 3, "head_width": 4, "vocabulary": 5 }
        }
        """;

    [Fact]
    public void Sections_are_read_by_the_task_that_wrote_them()
    {
        var manifest = Read(Written);

        Assert.Equal(new ModelDecoder(2, 3, 4, 5), ModelDecoder.Of(manifest));
        Assert.Null(ModelEmbedding.Of(manifest));
    }

    [Fact]
    public void WriteTo_adds_the_section_as_a_member_of_the_manifest()
    {
        var manifest = new ModelEmbedding(256, "last_hidden_state", "mean").WriteTo(Read(Written));

        var json = JsonSerializer.SerializeToNode(manifest, ManifestJson.Default.ModelManifest)!;

        Assert.Equal(
            """{"width":256,"output":"last_hidden_state","pooling":"mean"}""", json["embedding"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{ "layers": 2 }""")]
    [InlineData("""{ "layers": "two", "key_value_heads": 3, "head_width": 4, "vocabulary": 5 }""")]
    [InlineData("7")]
    public void A_section_of_another_shape_is_refused_by_name(string section)
    {
        var json = JsonNode.Parse(Written)!;
        json["decoder"] = JsonNode.Parse(section);

        var refusal = Assert.Throws<ModelImportException>(() => ModelDecoder.Of(Read(json.ToJsonString())));

        Assert.StartsWith("The section 'decoder' in the manifest of 'm' 1 cannot be read", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_a_tokenizer_reads_no_text()
    {
        var json = JsonNode.Parse(Written)!.AsObject();
        json.Remove("tokenizer");

        var refusal = Assert.Throws<ModelImportException>(
            () => TokenizerFile.Load(new InstalledModel(Read(json.ToJsonString()), Folder: "/")));

        Assert.Equal("The manifest of 'm' names no tokenizer.", refusal.Message);
    }

    private static ModelManifest Read(string json) => JsonSerializer.Deserialize(json, ManifestJson.Default.ModelManifest)!;
}

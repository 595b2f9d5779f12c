using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Gguf;

public sealed class GgufPartsTests
{
    [Theory]
    [InlineData("model-00001-of-00003.gguf")]
    [InlineData("model-00003-of-00003.gguf")]
    [InlineData("")]
    public void Open_takes_the_whole_model_by_any_part_or_its_folder(string name)
    {
        using var folder = new TemporaryFolder();
        Write(folder);

        using var parts = GgufParts.Open(folder.File(name));

        Assert.Equal(["a", "b", "c"], parts.Tensors.Keys.Order());
        Assert.Equal([3f, 3f], parts.Read(parts.Tensors["c"]));
        Assert.Equal(["general.architecture"], parts.Metadata.Values.Keys); // what it is a part of says nothing of the model
        Assert.Equal(3, parts.Paths.Count);
    }

    [Fact]
    public void Open_names_a_part_that_is_missing_damaged_or_foreign()
    {
        using var folder = new TemporaryFolder();
        const string Second = "model-00002-of-00003.gguf";

        Write(folder);
        Part(number: 2, count: 3, total: 3, "b").Write(folder.File(Second));
        Assert.Contains(
            $"'{Second}' is not the part that its name says: by its keys it is part 3 of 3", Refuse(folder), StringComparison.Ordinal);
        Part(number: 1, count: 3, total: 4, "b").Write(folder.File(Second));
        Assert.Contains($"'{Second}' is a part of another model", Refuse(folder), StringComparison.Ordinal);
        Part(number: 1, count: 3, total: 3, "b").Key("general.architecture", "qwen2").Write(folder.File(Second));
        Assert.Contains("'general.architecture' differs", Refuse(folder), StringComparison.Ordinal);
        Part(number: 1, count: 3, total: 3, "a").Write(folder.File(Second));
        Assert.Contains($"'{Second}' holds the tensor 'a', which another part holds too", Refuse(folder), StringComparison.Ordinal);
        Part(number: 1, count: 3, total: 3, "b", "d").Write(folder.File(Second));
        Assert.Contains("hold 4 tensors together; by 'split.tensors.count' they should hold 3", Refuse(folder), StringComparison.Ordinal);
        new GgufWriter().Tensor("b", 2, 1, [1, 2]).Write(folder.File(Second));
        Assert.Contains($"'{Second}' is no part of a model in 3 parts", Refuse(folder), StringComparison.Ordinal);
        File.WriteAllText(folder.File(Second), "other");
        Assert.Contains($"'{Second}': This is not a GGUF file", Refuse(folder), StringComparison.Ordinal);
        File.Delete(folder.File(Second));
        Assert.Contains($"'{Second}' is missing", Refuse(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_refuses_a_folder_of_several_models_and_a_part_without_its_name()
    {
        using var folder = new TemporaryFolder();
        Write(folder);
        Part(number: 0, count: 2, total: 1, "a").Write(folder.File("other.gguf"));

        var several = Assert.Throws<ModelImportException>(() => GgufParts.Open(folder.Path));
        var renamed = Assert.Throws<ModelImportException>(() => GgufParts.Open(folder.File("other.gguf")));

        Assert.Contains("model-00001-of-00003.gguf, other.gguf", several.Message, StringComparison.Ordinal);
        Assert.Contains("'other.gguf' is part 1 of 2", renamed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40, "NVFP4")]
    [InlineData(26, "I32")]
    [InlineData(31, "Q4_0_4_4 (withdrawn from the format)")]
    [InlineData(99, "the unknown type 99")]
    public void Open_names_a_type_that_is_not_read_and_those_that_are(int type, string name)
    {
        using var folder = new TemporaryFolder();
        new GgufWriter().Tensor("t", 256, 1, (uint)type, new byte[1024]).Write(folder.File("m.gguf"));

        var refusal = Assert.Throws<ModelImportException>(() => GgufParts.Open(folder.File("m.gguf")));

        Assert.Contains($"'t' is stored as {name}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("F32, F16, Q4_0", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_refuses_a_tensor_with_a_number_that_is_not_finite()
    {
        using var folder = new TemporaryFolder();
        new GgufWriter().Tensor("t", 2, 1, [1, float.NaN]).Write(folder.File("m.gguf"));
        using var parts = GgufParts.Open(folder.File("m.gguf"));

        var refusal = Assert.Throws<ModelImportException>(() => parts.Read(parts.Tensors["t"]));

        Assert.Contains("'t' holds numbers that are not finite", refusal.Message, StringComparison.Ordinal);
    }

    private static string Refuse(TemporaryFolder folder) =>
        Assert.Throws<ModelImportException>(() => GgufParts.Open(folder.File("model-00001-of-00003.gguf"))).Message;

    private static void Write(TemporaryFolder folder)
    {
        Part(number: 0, count: 3, total: 3, "a").Key("general.architecture", "llama").Write(folder.File("model-00001-of-00003.gguf"));
        Part(number: 1, count: 3, total: 3, "b").Write(folder.File("model-00002-of-00003.gguf"));
        Part(number: 2, count: 3, total: 3, "c").Write(folder.File("model-00003-of-00003.gguf"));
    }

    private static GgufWriter Part(int number, int count, int total, params string[] tensors)
    {
        var part = new GgufWriter().Key("split.no", number).Key("split.count", count).Key("split.tensors.count", total);
        Array.ForEach(tensors, name => part.Tensor(name, 2, 1, [number + 1f, number + 1f]));
        return part;
    }
}

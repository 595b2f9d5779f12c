using System.Diagnostics;
using System.Text.Json.Nodes;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>Folders that are damaged, foreign or ask for what is not there are refused by name.</summary>
public sealed class HostileFolderTests
{
    [Theory]
    [InlineData("quantization_config", """{"quant_method":"gptq","bits":4}""", "quantized by 'gptq'")]
    [InlineData("quantization_config", """{"quant_method":"awq"}""", "quantized by 'awq'")]
    [InlineData("quantization_config", """{"quant_method":"bitsandbytes"}""", "quantized by 'bitsandbytes'")]
    [InlineData("quantization_config", """{"quant_method":"fp8"}""", "quantized by 'fp8'")]
    [InlineData("architectures", """["MixtralForCausalLM"]""", "'MixtralForCausalLM'")]
    [InlineData("architectures", """["BertModel"]""", "imported as ONNX")]
    [InlineData("architectures", """["LlamaForCausalLM","Other"]""", "LlamaForCausalLM, Other")]
    [InlineData("new_member", "1", "'new_member' of 'config.json' is not known")]
    [InlineData("hidden_act", "\"gelu\"", "'hidden_act' of 'config.json' is 'gelu'")]
    [InlineData("hidden_size", "1e9", "'hidden_size'")]
    [InlineData("hidden_size", "-1", "'hidden_size'")]
    [InlineData("hidden_size", "\"32\"", "'hidden_size'")]
    [InlineData("num_attention_heads", "0", "'num_attention_heads'")]
    [InlineData("num_hidden_layers", "1000000", "lack the tensor 'model.layers.2.")]
    [InlineData("num_hidden_layers", "1", "'model.layers.1.")]
    [InlineData("num_hidden_layers", "null", "lacks the member 'num_hidden_layers'")]
    [InlineData("rms_norm_eps", "true", "'rms_norm_eps'")]
    [InlineData("attention_bias", "true", "lack the tensor 'model.layers.0.self_attn.q_proj.bias'")]
    [InlineData("tie_word_embeddings", "1", "'tie_word_embeddings'")]
    [InlineData("rope_scaling", """{"type":"ntk"}""", "rotary scaling 'ntk'")]
    [InlineData("rope_scaling", """{"type":"linear","factor":0}""", "'factor'")]
    [InlineData("rope_scaling", """{"type":"linear","factor":2,"odd":1}""", "'odd' of 'config.json: rope_scaling'")]
    [InlineData("rope_scaling", """{"type":"longrope","short_factor":[1],"long_factor":[1]}""", "'long_factor'")]
    [InlineData("rope_scaling", "3", "must be an object")]
    [InlineData("partial_rotary_factor", "0.5", "only 1 is supported")]
    public void Open_refuses_a_configuration_by_the_member(string member, string value, string reason)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Config[member] = JsonNode.Parse(value);

        Assert.Contains(reason, Refuse(hub.Write(folder.File("hub"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pre_tokenizer", """{"type":"Odd"}""", "'Odd'")]
    [InlineData("pre_tokenizer", "[]", "cannot be used")]
    [InlineData("normalizer", """{"type":"Odd"}""", "'Odd'")]
    [InlineData("post_processor", """{"type":"Odd"}""", "'Odd'")]
    [InlineData("decoder", """{"type":"Odd"}""", "'Odd'")]
    [InlineData("model", """{"type":"Odd"}""", "'Odd'")]
    [InlineData("model", """{"type":"BPE"}""", "cannot be used")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":99999999},"merges":[]}""", "cannot be used")]
    [InlineData("odd", "1", "'odd'")]
    [InlineData("added_tokens", """[{"id":-1,"content":"x","special":true}]""", "outside its vocabulary")]
    public void Open_refuses_a_tokenizer_by_the_member(string member, string value, string reason)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Tokenizer[member] = JsonNode.Parse(value);

        Assert.Contains(reason, Refuse(hub.Write(folder.File("hub"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat_template", "[{\"name\":\"rag\",\"template\":\"\"}]", "no template named 'default', only: rag")]
    [InlineData("chat_template", "[{\"name\":\"default\"}]", "'name' and 'template'")]
    [InlineData("chat_template", "7", "must be a text")]
    [InlineData("eos_token", "\"</none>\"", "'</none>', which is no token")]
    [InlineData("add_eos_token", "true", "'add_eos_token'")]
    [InlineData("add_prefix_space", "true", "'add_prefix_space'")]
    public void Open_refuses_settings_of_the_tokenizer_by_the_member(string member, string value, string reason)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.TokenizerConfig[member] = JsonNode.Parse(value);

        Assert.Contains(reason, Refuse(hub.Write(folder.File("hub"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("config.json")]
    [InlineData("..\\outside.safetensors")]
    public void Open_refuses_an_index_that_leaves_the_folder(string file)
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"), shards: 2);
        File.WriteAllBytes(folder.File("outside.safetensors"), File.ReadAllBytes(Path.Combine(path, "model-00001-of-00002.safetensors")));
        EditIndex(path, map => map["model.norm.weight"] = file);

        Assert.Contains("not the name of a .safetensors file of the folder", Refuse(path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_refuses_an_index_and_files_that_do_not_fit_together()
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"), shards: 2);
        var second = Path.Combine(path, "model-00002-of-00002.safetensors");

        EditIndex(path, map => map["model.norm.weight"] = "model-00002-of-00002.safetensors");
        Assert.Contains("lacks the tensor 'model.norm.weight'", Refuse(path).Message, StringComparison.Ordinal);
        EditIndex(path, map => map.Remove("model.norm.weight"));
        Assert.Contains("does not place there", Refuse(path).Message, StringComparison.Ordinal);
        File.Move(second, folder.File("away"));
        Assert.Contains("'model-00002-of-00002.safetensors' is missing", Refuse(path).Message, StringComparison.Ordinal);
        File.CreateSymbolicLink(second, folder.File("away"));
        Assert.Contains("symbolic link", Refuse(path).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    [InlineData("model.safetensors")]
    [InlineData("chat_template.jinja")]
    public void Open_refuses_a_link_a_pipe_and_an_empty_file_by_name(string name)
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"));
        var file = Path.Combine(path, name);
        File.Delete(file);
        File.CreateSymbolicLink(file, "/etc/hostname");
        Assert.Contains($"'{name}' is a symbolic link", Refuse(path).Message, StringComparison.Ordinal);

        File.Delete(file);
        using (var pipe = Process.Start("mkfifo", file))
        {
            pipe.WaitForExit();
        }

        Assert.Contains($"'{name}' is empty, or no plain file", Refuse(path).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", 100_000_000)]
    [InlineData("tokenizer.json", 100_000_000)]
    [InlineData("tokenizer_config.json", 100_000_000)]
    [InlineData("chat_template.jinja", 100_000_000)]
    public void Open_refuses_a_file_of_a_hundred_megabytes_unread(string name, long bytes)
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"));
        using (var file = File.Create(Path.Combine(path, name)))
        {
            file.SetLength(bytes);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains($"'{name}' has {bytes} bytes; at most", Refuse(path).Message, StringComparison.Ordinal);

        // The tables of the tokenizers, which the first one fills, take 5 MB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    public void Open_refuses_JSON_that_is_deep_doubled_or_none(string name)
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"));
        foreach (var json in (string[])[$$"""{"a":{{new string('[', 100_000)}}""", """{"a":1,"a":2}""", "{", "[]", "\u0001"])
        {
            File.WriteAllText(Path.Combine(path, name), json);
            Assert.Contains($"'{name}' is no", Refuse(path).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.weight", "self_attn.rotary.weight", "is not part of a LlamaForCausalLM")]
    [InlineData("model.layers.1.mlp.up_proj.weight", "model.layers.01.mlp.up_proj.weight", "is not part of a LlamaForCausalLM")]
    [InlineData("model.layers.1.mlp.up_proj.weight", "model.layers.9.mlp.up_proj.weight", "is not part of a LlamaForCausalLM")]
    public void Open_refuses_tensors_that_the_model_does_not_have(string name, string other, string reason)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Tensors[other] = hub.Tensors[name];

        Assert.Contains(reason, Refuse(hub.Write(folder.File("hub"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("consolidated.00.pth")]
    public async Task A_pickle_is_never_read(string name)
    {
        using var folder = new TemporaryFolder();
        var path = HubFolder.Llama().Write(folder.File("hub"));
        File.Move(Path.Combine(path, "model.safetensors"), Path.Combine(path, name));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains($"'{name}' is a pickle", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("save_pretrained", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public async Task A_weight_that_is_no_number_is_refused_by_its_tensor_and_nothing_is_left(float number)
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Tensors["model.layers.1.mlp.up_proj.weight"].Numbers[77] = number;
        hub.Write(folder.File("hub"));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains("'model.layers.1.mlp.up_proj.weight' holds numbers that are not finite", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("models")));
    }

    [Fact]
    public async Task A_matrix_of_another_size_is_refused()
    {
        using var folder = new TemporaryFolder();
        var hub = HubFolder.Llama();
        hub.Add("model.layers.0.self_attn.k_proj.weight", 6, HubFolder.Width);
        hub.Write(folder.File("hub"));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync(folder));

        Assert.Contains("demands 16 × 32", refusal.Message, StringComparison.Ordinal);
    }

    private static ModelImportException Refuse(string path) => Assert.Throws<ModelImportException>(() => Checkpoint.Open(path));

    private static Task<InstalledModel> ImportAsync(TemporaryFolder folder) => ModelImport.RunAsync(
        folder.File("hub"), "m", folder.File("models"), new(), progress: null, CancellationToken.None);

    private static void EditIndex(string path, Action<JsonObject> edit)
    {
        var file = Path.Combine(path, CheckpointShards.Index);
        var index = JsonNode.Parse(File.ReadAllText(file))!;
        edit(index["weight_map"]!.AsObject());
        File.WriteAllText(file, index.ToJsonString());
    }
}

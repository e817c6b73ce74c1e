//! What a waiting session costs.

use crate::stage::House;

#[tokio::test]
async fn an_idle_dialogue_is_small() {
    let house = House::new().await;
    let (_feed, input) = carrier::input();
    let (output, _drain) = carrier::output();
    let dialogue = house.dialogue(input, output);
    let size = std::mem::size_of_val(&dialogue);
    assert!(size <= 1024, "{size} bytes");
}
